// SPDX-License-Identifier: Apache-2.0
#include "setup/distribution.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::string_view supported = "Debian 11 to 13 and Ubuntu 18.04 to 25.10, and what is derived from them";

struct KnownRelease {
    Family family;
    unsigned release;
    std::string_view suite;
};

/// The releases whose package names were read from their archives.
constexpr std::array known_releases{
    KnownRelease{Family::debian, 1100, "bullseye"},
    KnownRelease{Family::debian, 1200, "bookworm"},
    KnownRelease{Family::debian, 1300, "trixie"},
    KnownRelease{Family::ubuntu, 1804, "bionic"},
    KnownRelease{Family::ubuntu, 2004, "focal"},
    KnownRelease{Family::ubuntu, 2204, "jammy"},
    KnownRelease{Family::ubuntu, 2404, "noble"},
    KnownRelease{Family::ubuntu, 2510, "questing"},
};

/// The value of one line of os-release: quotes and backslashes taken off.
std::string unquoted(std::string_view text)
{
    const bool quoted =
        text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
    if (quoted) {
        text = text.substr(1, text.size() - 2);
    }
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        i += text[i] == '\\' && i + 1 < text.size() ? 1U : 0U;
        value += text[i];
    }
    return value;
}

using Fields = std::map<std::string, std::string, std::less<>>;

Fields parse_fields(std::string_view os_release)
{
    Fields fields;
    for (const auto line : lines(os_release)) {
        const auto trimmed = trim(line);
        const auto equals = trimmed.find('=');
        if (equals != std::string_view::npos && !trimmed.starts_with('#')) {
            fields[std::string{trimmed.substr(0, equals)}] = unquoted(trimmed.substr(equals + 1));
        }
    }
    return fields;
}

std::string field(const Fields& fields, std::string_view name)
{
    const auto found = fields.find(name);
    return found == fields.end() ? std::string{} : found->second;
}

/// "22.04" is 2204, "12" is 1200; 0 if it is no such number.
unsigned release_number(std::string_view version)
{
    const auto parts = split(version, '.');
    unsigned number = 0;
    for (std::size_t i = 0; i < 2; ++i) {
        const auto digits = i < parts.size() ? parts[i] : std::string_view{"0"};
        if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string_view::npos) {
            return 0;
        }
        number = number * 100 + static_cast<unsigned>(std::stoul(std::string{digits}));
    }
    return number;
}

std::optional<Family> family_of(const Fields& fields)
{
    const auto id = field(fields, "ID");
    const auto like_text = field(fields, "ID_LIKE");
    const auto like = words(like_text);
    auto follows = [&](std::string_view name) { return id == name || std::ranges::find(like, name) != like.end(); };
    if (follows("ubuntu")) {
        return Family::ubuntu;
    }
    return follows("debian") ? std::optional{Family::debian} : std::nullopt;
}

const KnownRelease* by_suite(Family family, std::string_view suite)
{
    const auto* found = std::ranges::find_if(
        known_releases, [&](const KnownRelease& known) { return known.family == family && known.suite == suite; });
    return found == known_releases.end() ? nullptr : found;
}

const KnownRelease& bound_of(Family family, bool (*better)(unsigned, unsigned))
{
    const KnownRelease* best = nullptr;
    for (const KnownRelease& known : known_releases) {
        if (known.family == family && (best == nullptr || better(known.release, best->release))) {
            best = &known;
        }
    }
    return *best;
}

const KnownRelease& newest(Family family)
{
    return bound_of(family, [](unsigned a, unsigned b) { return a > b; });
}

const KnownRelease& oldest(Family family)
{
    return bound_of(family, [](unsigned a, unsigned b) { return a < b; });
}

Error refusal(const Fields& fields, std::string_view why)
{
    return {ErrorCode::refused,
            fmt::format("cannot set up host '{}': {} (ID={} ID_LIKE={} VERSION_ID={})",
                        field(fields, "PRETTY_NAME"),
                        why,
                        field(fields, "ID"),
                        field(fields, "ID_LIKE"),
                        field(fields, "VERSION_ID")),
            fmt::format("supported so far: {}", supported)};
}

/// A derivative tells its base by the base's codename; the distribution itself by its number.
void settle_release(Distribution& distribution, const Fields& fields)
{
    const bool original = distribution.id == word(distribution.family);
    const auto base = field(fields, distribution.family == Family::ubuntu ? "UBUNTU_CODENAME" : "DEBIAN_CODENAME");
    distribution.suite = base.empty() ? field(fields, "VERSION_CODENAME") : base;
    if (const auto* known = by_suite(distribution.family, distribution.suite); known != nullptr) {
        distribution.release = known->release;
    } else if (original && !distribution.version.empty()) {
        distribution.release = release_number(distribution.version);
    }
    if (distribution.release == 0) {
        distribution.release = newest(distribution.family).release;
        distribution.note =
            fmt::format("{} names no release that is known here; its packages are taken to be named as in {}",
                        distribution.name,
                        newest(distribution.family).suite);
    } else if (distribution.release > newest(distribution.family).release) {
        distribution.note = fmt::format(
            "{} is newer than the releases that this version was made for ({})", distribution.name, supported);
    } else if (!original) {
        distribution.note =
            fmt::format("{} is taken as {} {}", distribution.name, word(distribution.family), distribution.suite);
    }
}

}  // namespace

std::string_view word(Family family) noexcept
{
    return family == Family::debian ? "debian" : "ubuntu";
}

Result<Distribution> read_distribution(std::string_view os_release)
{
    const auto fields = parse_fields(os_release);
    const auto family = family_of(fields);
    if (!family) {
        return refusal(fields, "this distribution is not known here");
    }
    Distribution distribution{.id = field(fields, "ID"),
                              .version = field(fields, "VERSION_ID"),
                              .name = field(fields, "PRETTY_NAME"),
                              .suite = {},
                              .family = *family};
    settle_release(distribution, fields);
    if (distribution.release < oldest(*family).release) {
        return refusal(fields, "this release is too old");
    }
    return distribution;
}

Result<Distribution> detect_distribution(const Root& root)
{
    for (const char* path : {"etc/os-release", "usr/lib/os-release"}) {
        auto text = root.read(path);
        if (!text) {
            return std::move(text).error();
        }
        if (*text) {
            auto distribution = read_distribution(**text);
            if (!distribution && field(parse_fields(**text), "ID").empty()) {
                return Error{ErrorCode::refused,
                             fmt::format("cannot tell distribution: '/{}' names no ID", path),
                             distribution.error().hint};
            }
            return distribution;
        }
    }
    return Error{ErrorCode::refused,
                 "cannot tell distribution: neither '/etc/os-release' nor '/usr/lib/os-release' exists",
                 fmt::format("supported so far: {}", supported)};
}

}  // namespace kvmkit::setup
