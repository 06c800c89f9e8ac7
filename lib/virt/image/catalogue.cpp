// SPDX-License-Identifier: Apache-2.0
#include "virt/image/catalogue.hpp"

#include "base/unique_fd.hpp"
#include "system/files.hpp"
#include "virt/image/checksum.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::virt {
namespace {

using Json = nlohmann::json;

constexpr std::string_view schema = "kvmkit.images/1";
constexpr std::size_t most_bytes = 1U << 20U;

std::string filled(std::string text, const std::string& architecture)
{
    constexpr std::string_view mark = "{arch}";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + architecture.size())) {
        text.replace(at, mark.size(), architecture);
    }
    return text;
}

std::string text_at(const Json& json, const char* key)
{
    return json.contains(key) && !json.at(key).is_null() ? json.at(key).get<std::string>() : std::string{};
}

Signed signed_from(const std::string& word)
{
    if (word == "image") {
        return Signed::image;
    }
    return word == "checksums" ? Signed::checksums : Signed::checksums_inline;
}

ImageSource source_from(const Json& json, const std::string& architecture)
{
    ImageSource source{.name = json.at("name").get<std::string>(),
                       .title = text_at(json, "title"),
                       .url = filled(json.at("url").get<std::string>(), architecture),
                       .user = text_at(json, "user"),
                       .firmware = text_at(json, "firmware"),
                       .known = true};
    if (const auto sums = text_at(json, "checksum"); !sums.empty()) {
        source.checksum_url = filled(sums, architecture);
    }
    if (json.contains("signature") && json.at("signature").is_object()) {
        const Json& signature = json.at("signature");
        source.signature = SignatureSource{signed_from(signature.at("of").get<std::string>()),
                                           filled(text_at(signature, "url"), architecture),
                                           signature.at("keyring").get<std::string>(),
                                           text_at(signature, "package")};
    }
    return source;
}

/// A name becomes a file name.
bool is_safe(std::string_view name)
{
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
           name.find_first_not_of(allowed) == std::string_view::npos;
}

Catalogue sources_from(const Json& json, std::string_view architecture)
{
    Catalogue catalogue;
    for (const Json& entry : json.at("images")) {
        const auto word = text_at(entry.at("arch"), std::string{architecture}.c_str());
        if (!word.empty() && is_safe(entry.at("name").get<std::string>())) {
            catalogue.push_back(source_from(entry, word));
        }
    }
    return catalogue;
}

}  // namespace

Result<Catalogue> parse_catalogue(std::string_view text, std::string_view architecture, std::string_view name)
{
    const auto invalid = [name](std::string_view cause) {
        return Error{ErrorCode::invalid,
                     fmt::format("cannot read image catalogue '{}': {}", name, cause),
                     "mend the file, or remove it"};
    };
    try {
        const Json json = Json::parse(text);
        if (!json.is_object() || json.value("schema", "") != schema) {
            return invalid(fmt::format("its schema is not {}", schema));
        }
        return sources_from(json, architecture);
    } catch (const Json::exception& problem) {
        return invalid(problem.what());
    }
}

Result<Catalogue> load_catalogue(const std::vector<std::filesystem::path>& files, std::string_view architecture)
{
    Catalogue all;
    for (const auto& file : files) {
        const UniqueFd fd{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
        if (!fd && errno == ENOENT) {
            continue;
        }
        if (!fd) {
            return errno_error(errno, fmt::format("cannot read image catalogue '{}'", file.string()));
        }
        const auto text = read_all(fd.get(), file.string(), most_bytes);
        auto entries = text ? parse_catalogue(*text, architecture, file.string()) : Result<Catalogue>{text.error()};
        if (!entries) {
            return entries.error();
        }
        for (ImageSource& entry : *entries) {
            std::erase_if(all, [&entry](const ImageSource& old) { return old.name == entry.name; });
            all.push_back(std::move(entry));
        }
    }
    std::ranges::sort(all, {}, &ImageSource::name);
    return all;
}

const ImageSource* find(const Catalogue& catalogue, std::string_view name)
{
    const auto found = std::ranges::find(catalogue, name, &ImageSource::name);
    return found == catalogue.end() ? nullptr : &*found;
}

bool looks_like_url(std::string_view text)
{
    return text.find("://") != std::string_view::npos;
}

std::string without_secrets(const std::string& url)
{
    const auto begin = url.find("://");
    if (begin == std::string::npos) {
        return url;
    }
    const auto host = begin + 3;
    const auto at = url.substr(0, url.find_first_of("/?#", host)).rfind('@');
    return at == std::string::npos || at < host ? url : url.substr(0, host) + url.substr(at + 1);
}

Result<ImageSource> source_of_url(const std::string& url)
{
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot download '{}': only http and https addresses can be", without_secrets(url)),
                     "download it yourself and name the file"};
    }
    const auto path = url.substr(0, url.find_first_of("?#"));
    std::string stem = path.substr(path.rfind('/') + 1);
    stem = stem.substr(0, std::min<std::size_t>(stem.size(), 60));
    if (!is_safe(stem)) {
        stem = "image";
    }
    constexpr std::size_t shown = 8;
    const auto clean = without_secrets(url);
    return ImageSource{.name = fmt::format("{}-{}", stem, digest_of(clean, Algorithm::sha256).substr(0, shown)),
                       .title = clean,
                       .url = url};
}

}  // namespace kvmkit::virt
