// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/read_facts.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "net/sysfs.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t enough = 4096;

std::optional<std::string> content(int folder, const std::string& path)
{
    const UniqueFd file{::openat(folder, path.c_str(), O_RDONLY | O_CLOEXEC)};
    const auto text = file ? read_all(file.get(), path, enough) : Error{ErrorCode::not_found, path};
    return text ? std::optional{std::string{trim(*text)}} : std::nullopt;
}

std::optional<unsigned> number_in(int folder, const std::string& path)
{
    const auto text = content(folder, path);
    unsigned number = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{}) {
        return std::nullopt;
    }
    return number;
}

constexpr std::array systemd_sysctls{"/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl"};

std::optional<unsigned> setting(const std::string& path)
{
    return number_in(AT_FDCWD, "/proc/sys/net/" + path);
}

/// Whether the /sys that is mounted tells of these links: by number and MAC, and more than lo.
bool is_of(int sysfs, const Network& network)
{
    bool proven = false;
    for (const Link& link : network.links) {
        const auto folder = "class/net/" + link.name.str();
        if (number_in(sysfs, folder + "/ifindex") != static_cast<unsigned>(link.index) ||
            (link.mac && content(sysfs, folder + "/address") != link.mac->str())) {
            return false;
        }
        proven = proven || (link.mac && !link.mac->is_zero());
    }
    return proven;
}

UniqueFd sysfs_of(const Network& network)
{
    UniqueFd own = own_sysfs();
    if (own) {
        return own;
    }
    UniqueFd mounted{::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    return mounted && is_of(mounted.get(), network) ? std::move(mounted) : UniqueFd{};
}

/// Features of a card, asked the way that every kernel knows.
class Ethtool {
public:
    Ethtool() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

    [[nodiscard]] std::optional<bool> filters_vlans(const Link& link) const
    {
        const auto names = feature_names(link);
        const auto found = std::ranges::find(names, "rx-vlan-filter");
        if (found == names.end()) {
            return std::nullopt;
        }
        return has_feature(link, static_cast<std::size_t>(found - names.begin()), names.size());
    }

private:
    [[nodiscard]] bool ask(const Link& link, void* question) const
    {
        ifreq request{};
        const std::string& name = link.name.str();
        std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof(request.ifr_name) - 1));
        request.ifr_data = static_cast<char*>(question);
        return socket_ && ::ioctl(socket_.get(), SIOCETHTOOL, &request) == 0;
    }

    [[nodiscard]] std::size_t feature_count(const Link& link) const
    {
        std::string buffer(sizeof(ethtool_sset_info) + sizeof(std::uint32_t), '\0');
        ethtool_sset_info question{};
        question.cmd = ETHTOOL_GSSET_INFO;
        question.sset_mask = std::uint64_t{1} << ETH_SS_FEATURES;
        std::memcpy(buffer.data(), &question, sizeof(question));
        std::uint32_t count = 0;
        if (ask(link, buffer.data())) {
            std::memcpy(&count, buffer.data() + sizeof(question), sizeof(count));
        }
        return count;
    }

    [[nodiscard]] std::vector<std::string> feature_names(const Link& link) const
    {
        const std::size_t count = feature_count(link);
        std::vector<std::string> names;
        names.reserve(count);
        std::string buffer(sizeof(ethtool_gstrings) + count * ETH_GSTRING_LEN, '\0');
        ethtool_gstrings question{};
        question.cmd = ETHTOOL_GSTRINGS;
        question.string_set = ETH_SS_FEATURES;
        question.len = static_cast<std::uint32_t>(count);
        std::memcpy(buffer.data(), &question, sizeof(question));
        if (count == 0 || !ask(link, buffer.data())) {
            return names;
        }
        for (std::size_t i = 0; i < count; ++i) {
            const char* const text = buffer.data() + sizeof(question) + i * ETH_GSTRING_LEN;
            names.emplace_back(text, ::strnlen(text, ETH_GSTRING_LEN));
        }
        return names;
    }

    [[nodiscard]] std::optional<bool> has_feature(const Link& link, std::size_t number, std::size_t count) const
    {
        constexpr std::size_t bits = 32;
        const std::size_t blocks = (count + bits - 1) / bits;
        const std::array<std::uint32_t, 2> question{ETHTOOL_GFEATURES, static_cast<std::uint32_t>(blocks)};
        std::string buffer(sizeof(question) + blocks * sizeof(ethtool_get_features_block), '\0');
        std::memcpy(buffer.data(), question.data(), sizeof(question));
        if (!ask(link, buffer.data())) {
            return std::nullopt;
        }
        ethtool_get_features_block block{};
        std::memcpy(&block, buffer.data() + sizeof(question) + number / bits * sizeof(block), sizeof(block));
        return (block.active >> (number % bits) & 1U) != 0;
    }

    UniqueFd socket_;
};

}  // namespace

DoctorFacts read_facts(Network network)
{
    DoctorFacts facts;
    const UniqueFd sysfs = sysfs_of(network);
    const Ethtool ethtool;
    facts.links.reserve(network.links.size());
    for (const Link& link : network.links) {
        const std::string& name = link.name.str();
        LinkFacts own{.index = link.index};
        if (sysfs && link.is_bridge()) {
            own.address_assign_type = number_in(sysfs.get(), "class/net/" + name + "/addr_assign_type");
        }
        own.rp_filter = setting(fmt::format("ipv4/conf/{}/rp_filter", name));
        if (link.master != 0 && !link.is_tap()) {
            own.filters_vlans = ethtool.filters_vlans(link);
        }
        facts.links.push_back(own);
    }
    facts.rp_filter_of_all = setting("ipv4/conf/all/rp_filter").value_or(0);
    if (const auto forwards = setting("ipv4/ip_forward")) {
        facts.forwards_ipv4 = *forwards != 0;
    }
    facts.bridges_ask_iptables = setting("bridge/bridge-nf-call-iptables").value_or(0) != 0;
    facts.bridges_ask_ip6tables = setting("bridge/bridge-nf-call-ip6tables").value_or(0) != 0;
    const auto* const program =
        std::ranges::find_if(systemd_sysctls, [](const char* path) { return ::access(path, X_OK) == 0; });
    facts.systemd_sysctl = program != systemd_sysctls.end() ? *program : "";
    facts.network = std::move(network);
    return facts;
}

}  // namespace kvmkit::net
