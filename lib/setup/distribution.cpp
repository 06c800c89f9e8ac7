// SPDX-License-Identifier: Apache-2.0
#include "setup/distribution.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::string_view supported =
    "Debian 11 to 13 and Ubuntu 18.04 to 25.10, RHEL 8 to 10 and Fedora, openSUSE and SLES 15, Arch, and what is "
    "derived "
    "from them; planned for only: Debian 10, Ubuntu 14.04 and 16.04, RHEL 7, Alpine";

/// In the order of Family.
constexpr std::array<std::string_view, 7> family_words{"debian", "ubuntu", "rhel", "fedora", "suse", "arch", "alpine"};

constexpr std::array<std::string_view, 3> tier_words{"first", "second", "third"};
constexpr std::array<std::string_view, 7> installer_words{"apt", "dnf", "dnf5", "yum", "zypper", "pacman", "apk"};

/// From a release on, up to the family's next row: how it is served.
struct Treatment {
    Family family;
    unsigned from;
    Tier tier;
    Installer installer;
};

constexpr std::array treatments{
    Treatment{Family::debian, 1000, Tier::third, Installer::apt},
    Treatment{Family::debian, 1100, Tier::first, Installer::apt},
    Treatment{Family::ubuntu, 1404, Tier::third, Installer::apt},
    Treatment{Family::ubuntu, 1804, Tier::first, Installer::apt},
    Treatment{Family::rhel, 700, Tier::third, Installer::yum},
    Treatment{Family::rhel, 800, Tier::first, Installer::dnf},
    Treatment{Family::rhel, 1100, Tier::second, Installer::dnf},
    Treatment{Family::fedora, 0, Tier::first, Installer::dnf},
    Treatment{Family::suse, 0, Tier::second, Installer::zypper},
    Treatment{Family::arch, 0, Tier::second, Installer::pacman},
    Treatment{Family::alpine, 0, Tier::third, Installer::apk},
};

/// Whose names in ID and ID_LIKE stand for which family; the first that is followed counts.
struct Follower {
    std::string_view name;
    Family family;
};

constexpr std::array followers{
    Follower{"ubuntu", Family::ubuntu},
    Follower{"debian", Family::debian},
    Follower{"rhel", Family::rhel},
    Follower{"centos", Family::rhel},
    Follower{"ol", Family::rhel},
    Follower{"fedora", Family::fedora},
    Follower{"suse", Family::suse},
    Follower{"opensuse", Family::suse},
    Follower{"sles", Family::suse},
    Follower{"arch", Family::arch},
    Follower{"alpine", Family::alpine},
};

struct KnownRelease {
    Family family;
    unsigned release;
    std::string_view suite;
};

/// The releases whose suites are known.
constexpr std::array known_releases{
    KnownRelease{Family::debian, 1000, "buster"},
    KnownRelease{Family::debian, 1100, "bullseye"},
    KnownRelease{Family::debian, 1200, "bookworm"},
    KnownRelease{Family::debian, 1300, "trixie"},
    // Devuan's.
    KnownRelease{Family::debian, 1100, "chimaera"},
    KnownRelease{Family::debian, 1200, "daedalus"},
    KnownRelease{Family::debian, 1300, "excalibur"},
    KnownRelease{Family::ubuntu, 1404, "trusty"},
    KnownRelease{Family::ubuntu, 1604, "xenial"},
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
    // An image's is somebody else's text, and is shown on our terminal.
    constexpr std::size_t most = 256;
    return printable(value, most);
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

std::optional<Family> family_of(const Fields& fields)
{
    const auto id = field(fields, "ID");
    const auto like_text = field(fields, "ID_LIKE");
    const auto like = words(like_text);
    const auto* own = std::ranges::find(followers, id, &Follower::name);
    if (own != followers.end()) {
        return own->family;
    }
    const auto* found = std::ranges::find_if(
        followers, [&](const Follower& each) { return std::ranges::find(like, each.name) != like.end(); });
    return found == followers.end() ? std::nullopt : std::optional{found->family};
}

/// nullptr: the release is older than any that is known.
const Treatment* treatment_of(const Distribution& distribution)
{
    const Treatment* found = nullptr;
    for (const Treatment& each : treatments) {
        if (each.family == distribution.family && distribution.release >= each.from) {
            found = &each;
        }
    }
    return found;
}

/// SLES before 15 has other names for packages; SLE Micro counts by numbers of its own.
bool is_old_enterprise_suse(const Distribution& distribution)
{
    constexpr std::array ids{"sles", "sles_sap", "sled"};
    return distribution.family == Family::suse && distribution.release < 1500 &&
           std::ranges::find(ids, distribution.id) != ids.end();
}

bool has_suites(Family family)
{
    return family == Family::debian || family == Family::ubuntu;
}

const KnownRelease* by_suite(Family family, std::string_view suite)
{
    const auto* found = std::ranges::find_if(
        known_releases, [&](const KnownRelease& known) { return known.family == family && known.suite == suite; });
    return found == known_releases.end() ? nullptr : found;
}

/// Of Debian or Ubuntu.
const KnownRelease& newest(Family family)
{
    const KnownRelease* best = nullptr;
    for (const KnownRelease& known : known_releases) {
        if (known.family == family && (best == nullptr || known.release > best->release)) {
            best = &known;
        }
    }
    return *best;
}

std::string quoted(const Fields& fields)
{
    return fmt::format(
        "ID={} ID_LIKE={} VERSION_ID={}", field(fields, "ID"), field(fields, "ID_LIKE"), field(fields, "VERSION_ID"));
}

Error refusal(const Fields& fields, std::string_view why)
{
    return {ErrorCode::refused,
            fmt::format("cannot set up host '{}': {} ({})", field(fields, "PRETTY_NAME"), why, quoted(fields)),
            fmt::format("supported so far: {}", supported)};
}

/// A distribution without suites: its own number counts; what is derived from it is taken by the same number.
void settle_number(Distribution& distribution, const Fields& fields)
{
    constexpr std::array originals{"rhel", "centos", "rocky", "almalinux", "fedora", "arch", "alpine", "sles"};
    distribution.release = release_number(distribution.version);
    const bool original =
        std::ranges::find(originals, distribution.id) != originals.end() || distribution.id.starts_with("opensuse");
    if (!original) {
        distribution.note = fmt::format("{} is taken as {}{}{}, by its ID_LIKE={}",
                                        distribution.name,
                                        word(distribution.family),
                                        distribution.version.empty() ? "" : " ",
                                        distribution.version,
                                        field(fields, "ID_LIKE"));
    }
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

/// Which of the two is there decides, not the release.
void settle_installer(Distribution& distribution, const Root& root)
{
    const bool either = distribution.installer == Installer::dnf || distribution.installer == Installer::dnf5;
    if (either && root.exists("usr/bin/dnf5")) {
        distribution.installer = Installer::dnf5;
    } else if (either && root.exists("usr/bin/dnf")) {
        distribution.installer = Installer::dnf;
    }
}

}  // namespace

std::string_view word(Family family) noexcept
{
    return family_words.at(static_cast<std::size_t>(family));
}

std::string_view word(Tier tier) noexcept
{
    return tier_words.at(static_cast<std::size_t>(tier));
}

std::string_view word(Installer installer) noexcept
{
    return installer_words.at(static_cast<std::size_t>(installer));
}

std::string quote_release(std::string_view os_release)
{
    return quoted(parse_fields(os_release));
}

std::optional<Family> parse_family(std::string_view text) noexcept
{
    const auto* found = std::ranges::find(family_words, text);
    return found == family_words.end() ? std::nullopt
                                       : std::optional{static_cast<Family>(found - family_words.begin())};
}

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
    if (has_suites(*family)) {
        settle_release(distribution, fields);
    } else {
        settle_number(distribution, fields);
    }
    const auto* treatment = treatment_of(distribution);
    if (treatment == nullptr || is_old_enterprise_suse(distribution)) {
        return refusal(fields, "this release is too old");
    }
    // A note says that it is not one of those that were run: a derivative, or newer than all of them.
    const bool second = treatment->tier == Tier::first && !distribution.note.empty();
    distribution.tier = second ? Tier::second : treatment->tier;
    distribution.installer = treatment->installer;
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
            if (distribution) {
                settle_installer(*distribution, root);
            }
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
