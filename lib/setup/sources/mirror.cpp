// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/mirror.hpp"

#include "setup/sources/internal/builtin_mirrors.hpp"
#include "setup/sources/vendor.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;

/// The texts of an object; what is no text is left out.
std::map<std::string, std::string> texts_of(const Json& object)
{
    std::map<std::string, std::string> texts;
    for (const auto& [name, value] : object.items()) {
        if (value.is_string()) {
            texts[name] = value.get<std::string>();
        }
    }
    return texts;
}

Error wrong(const std::string& name, std::string_view cause)
{
    return {ErrorCode::usage,
            fmt::format("cannot read catalogue '{}': {}", name, cause),
            "its form: {\"schema\": \"kvmkit.mirrors/1\", \"mirrors\": [{\"name\": ..., \"where\": ..., \"debian\": "
            "URL}]}"};
}

Result<Mirror> read_mirror(const Json& record, const std::string& catalogue)
{
    auto fields = texts_of(record);
    Mirror mirror{fields["name"], fields["where"], {}};
    if (mirror.name.empty() || mirror.name.find_first_of("/: ") != std::string::npos) {
        return wrong(catalogue, fmt::format("'{}' is no name of a mirror", mirror.name));
    }
    for (const auto& [kind, text] : fields) {
        if (kind == "name" || kind == "where") {
            continue;
        }
        auto uri = parse_archive_uri(text);
        if (!uri) {
            return wrong(catalogue, uri.error().message);
        }
        mirror.archives[kind] = std::move(*uri);
    }
    return mirror;
}

}  // namespace

std::string Mirror::archive(const std::string& kind) const
{
    const auto found = archives.find(kind);
    return found != archives.end() ? found->second : std::string{};
}

const Mirror* MirrorCatalogue::find(std::string_view name) const
{
    const auto found = std::ranges::find(mirrors, name, &Mirror::name);
    return found != mirrors.end() ? &*found : nullptr;
}

bool MirrorCatalogue::serves(std::string_view uri) const
{
    const auto folder = as_folder(uri);
    const auto is_it = [&folder](const auto& archive) { return archive.second == folder; };
    return std::ranges::any_of(ended, is_it) || std::ranges::any_of(mirrors, [&is_it](const Mirror& mirror) {
               return std::ranges::any_of(mirror.archives, is_it);
           });
}

ArchiveKinds archive_kinds(const Distribution& distribution, std::string_view architecture)
{
    if (distribution.family == Family::debian) {
        return {"debian", "debian-security"};
    }
    if (distribution.family != Family::ubuntu) {
        const std::string kind{repository_archive(distribution)};
        return {kind, kind};
    }
    const std::string kind = architecture == "amd64" || architecture == "i386" ? "ubuntu" : "ubuntu-ports";
    return {kind, kind};
}

Result<MirrorCatalogue> read_mirrors(std::string_view json, const std::string& name)
{
    const Json record = Json::parse(json, nullptr, false);
    if (!record.is_object() || !record.contains("mirrors") || !record["mirrors"].is_array()) {
        return wrong(name, record.is_discarded() ? "it is no JSON" : "it has no list 'mirrors'");
    }
    MirrorCatalogue catalogue;
    for (const Json& each : record["mirrors"]) {
        if (!each.is_object()) {
            return wrong(name, "a mirror is no object");
        }
        auto mirror = read_mirror(each, name);
        if (!mirror) {
            return std::move(mirror).error();
        }
        catalogue.mirrors.push_back(std::move(*mirror));
    }
    if (const auto ended = record.find("archives"); ended != record.end() && ended->is_object()) {
        catalogue.ended = texts_of(*ended);
    }
    return catalogue;
}

Result<MirrorCatalogue> load_mirrors(const Root& root, const std::string& shipped)
{
    constexpr const char* local = "etc/kvmkit/mirrors.json";
    auto own = root.read(local);
    if (!own) {
        return std::move(own).error();
    }
    MirrorCatalogue catalogue;
    if (*own) {
        auto added = read_mirrors(**own, std::string{"/"} + local);
        if (!added) {
            return added;
        }
        catalogue = std::move(*added);
    }
    // Of this machine, not of `root`: the file came with the program.
    const auto here = Root::open("/");
    const auto came = here && shipped.starts_with('/') ? here->read(shipped.substr(1)) : Fact<std::string>{};
    const bool there = came && *came;
    auto rest = there ? read_mirrors(**came, shipped) : read_mirrors(builtin_mirrors, "built in");
    if (!rest) {
        return rest;
    }
    for (Mirror& mirror : rest->mirrors) {
        if (catalogue.find(mirror.name) == nullptr) {
            catalogue.mirrors.push_back(std::move(mirror));
        }
    }
    catalogue.ended.merge(rest->ended);
    return catalogue;
}

std::string_view authority_of(std::string_view uri)
{
    const auto scheme_end = uri.find("://");
    const auto rest = scheme_end == std::string_view::npos ? std::string_view{} : uri.substr(scheme_end + 3);
    return rest.substr(0, rest.find('/'));
}

std::string_view host_of(std::string_view uri)
{
    const auto authority = authority_of(uri);
    return authority.substr(0, authority.find(':'));
}

std::string as_folder(std::string_view uri)
{
    const auto last = uri.find_last_not_of('/');
    return std::string{uri.substr(0, last == std::string_view::npos ? 0 : last + 1)} + "/";
}

Result<std::string> parse_archive_uri(std::string_view text)
{
    const auto scheme_end = text.find("://");
    const auto scheme = text.substr(0, std::min(scheme_end, text.size()));
    const auto rest = scheme_end == std::string_view::npos ? std::string_view{} : text.substr(scheme_end + 3);
    const bool plain = text.find_first_of(" \t\r\n\"'[]#<>\\") == std::string_view::npos;
    if ((scheme != "http" && scheme != "https") || rest.empty() || rest.front() == '/' || !plain) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no mirror: not in the catalogue, and no http or https URL", text),
                     "host-setup mirror list; or give a URL, as http://mirror.example.org/debian/"};
    }
    return as_folder(text);
}

}  // namespace kvmkit::setup
