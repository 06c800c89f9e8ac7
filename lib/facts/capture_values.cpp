// SPDX-License-Identifier: Apache-2.0
#include "facts/capture_values.hpp"

#include <cerrno>
#include <charconv>

namespace kvmkit::capture {
namespace {

std::uint64_t number_of_text(std::string_view text, int base, const char* key, std::uint64_t most)
{
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value, base);
    if (read.ec != std::errc{} || read.ptr != end || value > most) {
        throw BadValue{base == 8 ? fmt::format("'{}' is no octal number up to {:#o}", key, most)
                                 : fmt::format("'{}' is no hexadecimal number up to {:#x}", key, most)};
    }
    return value;
}

/// A day. What was measured in a run of a few seconds is far below.
constexpr double longest_ns = 86'400e9;

}  // namespace

double time_in(const Json& object, const char* key)
{
    const Json& json = object.at(key);
    const double value = json.is_number() ? json.get<double>() : -1;
    if (!std::isfinite(value) || value < 0 || value > longest_ns) {
        throw BadValue{fmt::format("'{}' is no time", key)};
    }
    return value;
}

std::optional<double> time_or_null(const Json& object, const char* key)
{
    return object.at(key).is_null() ? std::nullopt : std::optional{time_in(object, key)};
}

std::uint64_t hexadecimal(const Json& json, const char* key, std::uint64_t most)
{
    const auto text = json.get<std::string>();
    const std::string_view digits = text.starts_with("0x") ? std::string_view{text}.substr(2) : std::string_view{text};
    return number_of_text(digits, 16, key, most);
}

unsigned octal(const Json& json, const char* key, unsigned most)
{
    return static_cast<unsigned>(number_of_text(json.get<std::string>(), 8, key, most));
}

Error decode_error(const Json& json)
{
    const auto code = error_code_of(json.value("code", ""));
    return {code.value_or(ErrorCode::unsupported), json.at("unknown").get<std::string>(), json.value("hint", "")};
}

Written encode_error(const Error& error)
{
    Written json{{"unknown", error.message}, {"code", word(error.code)}};
    if (!error.hint.empty()) {
        json["hint"] = error.hint;
    }
    return json;
}

Answer decode_answer(const Json& json)
{
    const auto& name = json.at("errno");
    if (name.is_null()) {
        return {.value = number_in<int>(json, "value", std::numeric_limits<int>::min())};
    }
    return {.value = -1, .errnum = errno_number(name.get<std::string>()).value_or(EIO)};
}

Written encode_answer(const Answer& answer)
{
    return {{"value", answer.value}, {"errno", answer.ok() ? Written(nullptr) : Written(errno_name(answer.errnum))}};
}

}  // namespace kvmkit::capture
