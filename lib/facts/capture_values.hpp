// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/capture.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

/// How values stand in capture.json. Only the files capture*.cpp use it: what is thrown here ends in read_capture().
namespace kvmkit::capture {

using Json = nlohmann::json;
using Written = nlohmann::ordered_json;

/// A value that stands in the right place and cannot be right; its text begins with the key's name.
class BadValue : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A whole number in its range.
template <class T>
T number(const Json& json, const char* key, T least = 0, T most = std::numeric_limits<T>::max())
{
    const bool whole = json.is_number_integer();
    const bool fits =
        whole && (json.is_number_unsigned() ? std::cmp_less_equal(json.get<std::uint64_t>(), most) &&
                                                  std::cmp_greater_equal(json.get<std::uint64_t>(), least)
                                            : std::cmp_less_equal(json.get<std::int64_t>(), most) &&
                                                  std::cmp_greater_equal(json.get<std::int64_t>(), least));
    if (!fits) {
        throw BadValue{fmt::format("'{}' is no whole number from {} to {}", key, least, most)};
    }
    return json.get<T>();
}

/// The same for a member, which has to be there.
template <class T>
T number_in(const Json& object, const char* key, T least = 0, T most = std::numeric_limits<T>::max())
{
    return number<T>(object.at(key), key, least, most);
}

/// A measured time in nanoseconds: not below zero, and less than a day.
double time_in(const Json& object, const char* key);

/// The same, absent where it is null.
std::optional<double> time_or_null(const Json& object, const char* key);

/// A number as text, "0x10a" or "0660", of at most `most`: JSON has no 64 bit numbers that every reader keeps.
std::uint64_t hexadecimal(const Json& json, const char* key, std::uint64_t most);
unsigned octal(const Json& json, const char* key, unsigned most);

/// {"unknown": "why", "code": "timeout", "hint": "..."}; the last two may be missing.
Error decode_error(const Json& json);
Written encode_error(const Error& error);

/// {"value": 12, "errno": null}. A name that this machine does not know counts as EIO.
Answer decode_answer(const Json& json);
Written encode_answer(const Answer& answer);

/// A value, decoded: an Error where it says {"unknown": "why"}, absent where it is null. `decode` may throw
/// Json::exception and BadValue.
template <class T, class Decode>
Fact<T> decode_fact(const Json& json, Decode decode)
{
    if (json.is_object() && json.contains("unknown")) {
        return decode_error(json);
    }
    return json.is_null() ? std::optional<T>{} : std::optional<T>{decode(json)};
}

/// A member, as decode_fact() takes it: an Error where it is not mentioned.
template <class T, class Decode>
Fact<T> member(const Json& object, const char* name, Decode decode)
{
    const auto found = object.find(name);
    return found == object.end() ? Fact<T>{not_recorded(fmt::format("'{}' in capture.json", name))}
                                 : decode_fact<T>(*found, decode);
}

/// A member that older recordings do not have, and whose fact then stays as files say it.
template <class T, class Decode>
void update(const Json& object, const char* name, Fact<T>& fact, Decode decode)
{
    if (const auto found = object.find(name); found != object.end()) {
        fact = decode_fact<T>(*found, decode);
    }
}

/// The counterpart: null where it is absent, {"unknown": ...} where it could not be told.
template <class T, class Encode>
Written encode_fact(const Fact<T>& fact, Encode encode)
{
    if (!fact) {
        return encode_error(fact.error());
    }
    return *fact ? Written(encode(**fact)) : Written(nullptr);
}

/// What is known beside KVM: of libvirt, QEMU and the network. It is in no recording that an older version made.
void read_software(const Json& document, HostFacts& host);
void write_software(const HostFacts& host, Written& document);

/// What udev makes of /dev/kvm: a member of "kvm".
UdevNode decode_udev(const Json& json);
Written encode_udev(const UdevNode& udev);

}  // namespace kvmkit::capture
