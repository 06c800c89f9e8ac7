// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/vendor.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr unsigned release_8 = 800;
constexpr unsigned release_9 = 900;

/// A repository by its name in the vendor's own files, and its place.
struct RepositoryRow {
    std::string_view id;
    std::string_view path;
    bool security = false;
};

constexpr std::array fedora_rows{
    RepositoryRow{"fedora", "releases/$releasever/Everything/$basearch/os/"},
    RepositoryRow{"fedora-modular", "releases/$releasever/Modular/$basearch/os/"},
    RepositoryRow{"updates", "updates/$releasever/Everything/$basearch/", true},
    RepositoryRow{"updates-modular", "updates/$releasever/Modular/$basearch/", true},
};

/// From release 8 on, below the release's folder.
constexpr std::array enterprise_rows{
    RepositoryRow{"baseos", "BaseOS/$basearch/os/"},
    RepositoryRow{"appstream", "AppStream/$basearch/os/"},
    RepositoryRow{"extras", "extras/$basearch/os/"},
    RepositoryRow{"crb", "CRB/$basearch/os/"},
    RepositoryRow{"powertools", "PowerTools/$basearch/os/"},
    RepositoryRow{"highavailability", "HighAvailability/$basearch/os/"},
    RepositoryRow{"resilientstorage", "ResilientStorage/$basearch/os/"},
    RepositoryRow{"nfv", "NFV/$basearch/os/"},
    RepositoryRow{"rt", "RT/$basearch/os/"},
};

constexpr std::array centos_7_rows{
    RepositoryRow{"base", "os/$basearch/"},
    RepositoryRow{"extras", "extras/$basearch/"},
    RepositoryRow{"updates", "updates/$basearch/", true},
};

/// openSUSE's are named as whoever added them liked: the beginning of the path tells.
constexpr std::array suse_paths{
    RepositoryRow{"", "distribution/leap/"},
    RepositoryRow{"", "tumbleweed/repo/"},
    RepositoryRow{"", "update/", true},
};

/// How a vendor's own addresses and keys are told.
struct VendorRow {
    std::string_view kind;
    std::string_view domain;  ///< Its hosts end with it.
    std::string_view key;     ///< In the name of its key's file; empty: it has none of a name of its own.
};

constexpr std::array vendors{
    VendorRow{"fedora", ".fedoraproject.org", "RPM-GPG-KEY-fedora"},
    VendorRow{"rocky", ".rockylinux.org", "RPM-GPG-KEY-Rocky"},
    VendorRow{"rocky", ".rockylinux.org", "RPM-GPG-KEY-rockyofficial"},
    VendorRow{"almalinux", ".almalinux.org", "RPM-GPG-KEY-AlmaLinux"},
    VendorRow{"centos-stream", ".centos.org", "RPM-GPG-KEY-centosofficial"},
    VendorRow{"centos", ".centos.org", "RPM-GPG-KEY-centosofficial"},
    VendorRow{"centos", ".centos.org", "RPM-GPG-KEY-CentOS"},
    VendorRow{"opensuse", ".opensuse.org", ""},
};

std::string_view without_scheme(std::string_view uri)
{
    const auto end = uri.find("://");
    return end == std::string_view::npos ? std::string_view{} : uri.substr(end + 3);
}

bool is_stream(const Distribution& distribution)
{
    return distribution.release >= release_9 || distribution.name.find("Stream") != std::string::npos;
}

/// The folder of the release on a mirror of an enterprise distribution.
std::string release_folder(const Distribution& distribution)
{
    return distribution.id == "centos" && is_stream(distribution) ? "$releasever-stream/" : "$releasever/";
}

std::optional<RepositoryPlace> place_in(std::span<const RepositoryRow> rows,
                                        const std::string& id,
                                        const std::string& in)
{
    const auto found = std::ranges::find(rows, id, &RepositoryRow::id);
    return found == rows.end() ? std::nullopt
                               : std::optional{RepositoryPlace{fmt::format("{}{}", in, found->path), found->security}};
}

std::optional<RepositoryPlace> place_by_path(const std::string& path)
{
    for (const RepositoryRow& row : suse_paths) {
        if (path.starts_with(row.path)) {
            return RepositoryPlace{as_folder(path), row.security};
        }
    }
    return std::nullopt;
}

void replace_all(std::string& text, std::string_view what, std::string_view by)
{
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

}  // namespace

std::string_view repository_archive(const Distribution& distribution)
{
    constexpr std::array named_alike{"fedora", "rocky", "almalinux"};
    const std::string_view id = distribution.id;
    if (const auto* found = std::ranges::find(named_alike, id); found != named_alike.end()) {
        return *found;
    }
    if (id == "centos") {
        return distribution.release >= release_9 ? "centos-stream" : "centos";
    }
    if (id == "arch") {
        return "archlinux";
    }
    return id.starts_with("opensuse") ? "opensuse" : "";
}

std::string expand_path(std::string path, const Distribution& distribution, std::string_view architecture)
{
    const bool major = distribution.family == Family::rhel;
    const auto release = major ? distribution.version.substr(0, distribution.version.find('.')) : distribution.version;
    for (const auto* name : {"$releasever", "${releasever}"}) {
        replace_all(path, name, release);
    }
    for (const auto* name : {"$basearch", "${basearch}", "$arch"}) {
        replace_all(path, name, architecture);
    }
    return path;
}

std::string main_path(const Distribution& distribution)
{
    switch (distribution.family) {
        case Family::fedora: return std::string{fedora_rows.front().path};
        case Family::suse: {
            const bool leap = distribution.version.find('.') != std::string::npos;
            return leap ? "distribution/leap/$releasever/repo/oss/" : "tumbleweed/repo/oss/";
        }
        default: break;
    }
    const bool old = distribution.release < release_8;
    return release_folder(distribution) + std::string{old ? centos_7_rows.front().path : enterprise_rows.front().path};
}

std::vector<std::string> addresses_in(std::string_view value)
{
    std::string text{value};
    std::ranges::replace(text, ',', ' ');
    const auto found = words(text);
    return {found.begin(), found.end()};
}

std::optional<RepositoryPlace> RepositoryOwner::place_of(const SettingsSection& repository) const
{
    if (!is_distributions(repository)) {
        return std::nullopt;
    }
    switch (distribution_.family) {
        case Family::fedora: return place_in(fedora_rows, repository.id, "");
        case Family::suse: {
            const auto addresses = addresses_in(repository.value("baseurl"));
            return addresses.empty() ? std::nullopt : place_by_path(below_archive(addresses.front()));
        }
        default: break;
    }
    const auto folder = release_folder(distribution_);
    return distribution_.release < release_8 ? place_in(centos_7_rows, repository.id, folder)
                                             : place_in(enterprise_rows, repository.id, folder);
}

bool RepositoryOwner::is_distributions(const SettingsSection& repository) const
{
    const auto key = repository.value("gpgkey");
    const bool by_key = std::ranges::any_of(vendors, [&](const VendorRow& vendor) {
        return vendor.kind == kind_ && !vendor.key.empty() && key.find(vendor.key) != std::string::npos;
    });
    std::vector<std::string> addresses;
    for (const auto* name : {"baseurl", "mirrorlist", "metalink"}) {
        const auto found = addresses_in(repository.value(name));
        addresses.insert(addresses.end(), found.begin(), found.end());
    }
    return !kind_.empty() && !addresses.empty() &&
           (by_key || std::ranges::all_of(addresses, [this](const std::string& address) {
                return is_vendors(address) || !below_archive(address).empty();
            }));
}

bool RepositoryOwner::is_vendors(std::string_view address) const
{
    return std::ranges::any_of(vendors, [&](const VendorRow& vendor) {
        return vendor.kind == kind_ && host_of(address).ends_with(vendor.domain);
    });
}

/// What of an address is below the vendor's host, or below a mirror's archive; empty: it is at neither.
std::string RepositoryOwner::below_archive(std::string_view address) const
{
    for (const Mirror& mirror : catalogue_.mirrors) {
        const auto archive = mirror.archive(kind_);
        const auto below = without_scheme(archive);
        if (!archive.empty() && without_scheme(address).starts_with(below)) {  // by https, too
            return std::string{without_scheme(address).substr(below.size())};
        }
    }
    const auto host = host_of(address);
    const auto behind = address.find("://") + 3 + host.size() + 1;
    return is_vendors(address) && behind < address.size() ? std::string{address.substr(behind)} : std::string{};
}

}  // namespace kvmkit::setup
