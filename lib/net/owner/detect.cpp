// SPDX-License-Identifier: Apache-2.0
#include "net/owner/detect.hpp"

#include "base/text.hpp"
#include "net/owner/interfaces_file.hpp"
#include "net/owner/netplan_files.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// The value of KEY=VALUE; empty if no line has it.
std::string value_in(std::string_view text, std::string_view key)
{
    for (const std::string_view line : lines(text)) {
        if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
            auto value = trim(line.substr(key.size() + 1));
            if (value.size() > 1 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) {
                value = value.substr(1, value.size() - 2);
            }
            return std::string{value};
        }
    }
    return "";
}

class Detective {
public:
    Detective(const Link& link, const Root& root) : link_(link), root_(root) {}

    std::vector<Claim> investigate()
    {
        networkd();
        network_manager();
        netplan();
        ifupdown();
        wicked();
        network_scripts();
        std::ranges::stable_sort(claims_, {}, &Claim::manager);
        return std::move(claims_);
    }

private:
    void claim(Manager manager, const std::string& file, std::string evidence)
    {
        claims_.push_back({manager, '/' + file, std::move(evidence)});
    }

    void networkd()
    {
        const auto path = fmt::format("run/systemd/netif/links/{}", link_.index);
        const auto text = text_or_nothing(root_, path);
        const auto state = value_in(text, "ADMIN_STATE");
        const auto file = value_in(text, "NETWORK_FILE");
        if (state.empty() || state == "unmanaged") {
            return;
        }
        auto evidence = fmt::format("ADMIN_STATE={}", state);
        if (!file.empty()) {
            evidence += fmt::format(" NETWORK_FILE={}", file);
        }
        if (file.starts_with("/run/systemd/network/10-netplan-")) {
            claim(Manager::netplan, path, evidence);
        }
        claim(Manager::networkd, path, std::move(evidence));
    }

    void network_manager()
    {
        const auto path = fmt::format("run/NetworkManager/devices/{}", link_.index);
        const auto text = text_or_nothing(root_, path);
        const auto managed = value_in(text, "managed");
        if (managed != "true" && managed != "1") {
            return;
        }
        const auto uuid = value_in(text, "connection-uuid");
        claim(Manager::network_manager,
              path,
              fmt::format("managed={}{}", managed, uuid.empty() ? "" : " connection-uuid=" + uuid));
    }

    void netplan()
    {
        for (const NetplanStanza& stanza : netplan_files(root_).stanzas) {
            if (stanza.is_about(link_)) {
                claim(Manager::netplan, stanza.file, fmt::format("{}.{}", stanza.section, stanza.id));
            }
        }
    }

    void ifupdown()
    {
        const bool second = root_.exists("etc/network/ifupdown2") || root_.exists("usr/share/ifupdown2");
        const auto manager = second ? Manager::ifupdown2 : Manager::ifupdown;
        for (const InterfacesFile& file : interfaces_files(root_)) {
            for (const InterfacesStanza& stanza : file.stanzas) {
                if (stanza.configures(link_.name.str())) {
                    claim(manager,
                          file.path,
                          fmt::format("line {}: {}", stanza.first_line + 1, fmt::join(stanza.words, " ")));
                }
            }
        }
        const std::string state = "run/network/ifstate";
        const auto text = text_or_nothing(root_, state);
        if (const auto up = value_in(text, link_.name.str()); !up.empty()) {
            claim(manager, state, fmt::format("{}={}", link_.name.str(), up));
        }
    }

    void wicked()
    {
        const auto path = "etc/sysconfig/network/ifcfg-" + link_.name.str();
        if (root_.exists(path)) {
            claim(Manager::wicked,
                  path,
                  fmt::format("BOOTPROTO={}{}",
                              value_in(text_or_nothing(root_, path), "BOOTPROTO"),
                              root_.exists("run/wicked") ? ", /run/wicked is there" : ""));
        }
    }

    /// NetworkManager reads the same files unless they say no.
    void network_scripts()
    {
        const auto path = "etc/sysconfig/network-scripts/ifcfg-" + link_.name.str();
        if (!root_.exists(path)) {
            return;
        }
        const auto text = text_or_nothing(root_, path);
        auto evidence = fmt::format("BOOTPROTO={}", value_in(text, "BOOTPROTO"));
        if (const auto told = value_in(text, "NM_CONTROLLED"); !told.empty()) {
            evidence += " NM_CONTROLLED=" + told;
        }
        claim(Manager::ifcfg, path, std::move(evidence));
    }

    const Link& link_;
    const Root& root_;
    std::vector<Claim> claims_;
};

}  // namespace

std::vector<Claim> claims_on(const Link& link, const Root& root)
{
    return Detective{link, root}.investigate();
}

Manager owner_by(const std::vector<Claim>& claims) noexcept
{
    return claims.empty() ? Manager::none : claims.front().manager;
}

}  // namespace kvmkit::net
