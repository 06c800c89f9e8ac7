// SPDX-License-Identifier: Apache-2.0
#include "net/persist/file_step.hpp"

#include "net/model/overloaded.hpp"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;

/// Any bytes at all: files of others need not be UTF-8.
std::string to_hex(std::string_view bytes)
{
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    return text;
}

std::string from_hex(std::string_view text)
{
    constexpr int base = 16;
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        unsigned value = 0;
        std::from_chars(text.data() + i, text.data() + i + 2, value, base);
        bytes += static_cast<char>(value);
    }
    return bytes;
}

Json image_json(const std::optional<FileImage>& image)
{
    return image ? Json{{"hex", to_hex(image->bytes)}, {"mode", image->mode}, {"link", image->is_link}} : Json();
}

std::optional<FileImage> image_from(const Json& json)
{
    if (json.is_null()) {
        return std::nullopt;
    }
    return FileImage{
        from_hex(json.at("hex").get<std::string>()), json.at("mode").get<mode_t>(), json.at("link").get<bool>()};
}

Result<FileStep> decoded(const Json& json)
{
    const auto action = json.at("action").get<std::string>();
    auto path = json.at("path").get<std::string>();
    if (action == "restore") {
        return FileStep{RestoreFile{std::move(path), image_from(json.at("old")), image_from(json.at("ours"))}};
    }
    if (action == "remove-folder") {
        return FileStep{RemoveFolder{std::move(path)}};
    }
    if (action == "make-folder") {
        return FileStep{MakeFolder{std::move(path)}};
    }
    return Error{ErrorCode::invalid, fmt::format("unknown action '{}' in a journal of files", action)};
}

}  // namespace

std::string FileDomain::describe(const Step& step)
{
    return std::visit(Overloaded{[](const StageFile& one) { return fmt::format("stage /{}", one.path); },
                                 [](const PlaceFile& one) { return fmt::format("write /{}", one.path); },
                                 [](const RemoveFile& one) { return fmt::format("remove /{}", one.path); },
                                 [](const MakeFolder& one) { return fmt::format("make folder /{}", one.path); },
                                 [](const RestoreFile& one) { return fmt::format("restore /{}", one.path); },
                                 [](const RemoveFolder& one) { return fmt::format("remove folder /{}", one.path); }},
                      step);
}

/// Only inverses are ever stored.
std::string FileDomain::encode(const Step& step)
{
    if (const auto* restore = std::get_if<RestoreFile>(&step)) {
        return Json{{"action", "restore"},
                    {"path", restore->path},
                    {"old", image_json(restore->old)},
                    {"ours", image_json(restore->ours)}}
            .dump();
    }
    if (const auto* again = std::get_if<MakeFolder>(&step)) {
        return Json{{"action", "make-folder"}, {"path", again->path}}.dump();
    }
    const auto* folder = std::get_if<RemoveFolder>(&step);
    return Json{{"action", "remove-folder"}, {"path", folder != nullptr ? folder->path : ""}}.dump();
}

Result<FileStep> FileDomain::decode(std::string_view text)
{
    try {
        return decoded(Json::parse(text));
    } catch (const Json::exception& problem) {
        return Error{ErrorCode::invalid, fmt::format("cannot read a journal of files: {}", problem.what())};
    }
}

}  // namespace kvmkit::net
