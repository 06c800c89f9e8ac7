// SPDX-License-Identifier: Apache-2.0
#include "net/persist/sysconfig.hpp"
#include "net/persist/words.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr std::array bridge_words{ManagerWord{"stp.enabled", "BRIDGE_STP", WordForm::on_off},
                                  ManagerWord{"stp.forward-delay", "BRIDGE_FORWARDDELAY"},
                                  ManagerWord{"stp.hello-time", "BRIDGE_HELLOTIME"},
                                  ManagerWord{"stp.max-age", "BRIDGE_MAXAGE"},
                                  ManagerWord{"stp.priority", "BRIDGE_PRIORITY"},
                                  ManagerWord{"mac-ageing-time", "BRIDGE_AGEINGTIME"}};
constexpr std::array vlan_words{ManagerWord{"id", "VLAN_ID"}};
const std::string folder = "etc/sysconfig/network/";

class Writer {
public:
    explicit Writer(const Profile& profile) : profile_(profile) {}

    Result<KeptFiles> write()
    {
        for (const KeptLink& link : profile_.links) {
            ShellText text{head_line(profile_)};
            text.put("STARTMODE", "auto");
            text.put("BOOTPROTO", protocol(link));
            if (auto told = add_kind(link, text); !told) {
                return std::move(told).error();
            }
            if (link.mac) {
                text.put("LLADDR", link.mac->str());
            }
            if (link.mtu) {
                text.put("MTU", fmt::format("{}", *link.mtu));
            }
            unsigned number = 0;
            for (const InterfaceAddress& address : link.addresses) {
                text.put(number == 0 ? "IPADDR" : fmt::format("IPADDR_{}", number), address.str());
                ++number;
            }
            files_.push_back({folder + "ifcfg-" + link.name.str(), text.str()});
            if (auto told = add_routes(link); !told) {
                return std::move(told).error();
            }
        }
        return std::move(files_);
    }

private:
    static std::string protocol(const KeptLink& link)
    {
        if (link.is_port()) {
            return "none";
        }
        if (link.dhcp4 && link.dhcp6) {
            return "dhcp";
        }
        return link.dhcp4 ? "dhcp4" : link.dhcp6 ? "dhcp6" : "static";
    }

    Result<void> add_kind(const KeptLink& link, ShellText& text) const
    {
        const auto can = [&link](std::string_view what) { return cannot_say(link, what, Manager::wicked); };
        if (link.vlans) {
            return can("VLANs of a bridge");
        }
        if (link.port && !link.port->settings.empty()) {
            return can(fmt::format("the port's {}", link.port->settings.front().key));
        }
        if (!link.ipv6 && !link.is_port()) {
            return can("IPv6 that is switched off");
        }
        if (link.kind == "bond") {
            text.put("BONDING_MASTER", "yes");
            text.put("BONDING_MODULE_OPTS", bond_options(link));
            unsigned number = 0;
            for (const std::string& port : ports_of(profile_, link)) {
                text.put(fmt::format("BONDING_SLAVE_{}", number++), port);
            }
            return {};
        }
        if (link.kind.empty()) {
            return {};
        }
        return link.kind == "bridge" || link.kind == "vlan" ? add_virtual(link, text)
                                                            : can(fmt::format("a {}", link.kind));
    }

    Result<void> add_virtual(const KeptLink& link, ShellText& text) const
    {
        const bool bridge = link.kind == "bridge";
        const auto told = translated(
            link, link.settings, bridge ? std::span<const ManagerWord>{bridge_words} : vlan_words, Manager::wicked);
        if (!told) {
            return told.error();
        }
        if (bridge) {
            text.put("BRIDGE", "yes");
            text.put("BRIDGE_PORTS", fmt::format("{}", fmt::join(ports_of(profile_, link), " ")));
        } else {
            text.put("ETHERDEVICE", link.lower->str());
        }
        for (const Setting& setting : *told) {
            text.put(setting.key, setting.value);
        }
        return {};
    }

    /// DESTINATION GATEWAY NETMASK INTERFACE TYPE OPTIONS, with '-' for what is not said.
    Result<void> add_routes(const KeptLink& link)
    {
        std::string text;
        for (const KeptRoute& route : link.routes) {
            if (route.on_link) {
                return cannot_say(link, "a gateway that lies in none of its networks", Manager::wicked);
            }
            const bool everything = route.destination.length() == 0;
            text += fmt::format("{} {} - {}",
                                everything && is_ipv4(route) ? "default" : route.destination.str(),
                                route.gateway ? route.gateway->str() : "-",
                                link.name.str());
            std::string options;
            options += route.metric != 0 ? fmt::format(" metric {}", route.metric) : "";
            options += route.table != 0 ? fmt::format(" table {}", route.table) : "";
            options += route.source ? fmt::format(" src {}", route.source->str()) : "";
            text += options.empty() ? "\n" : fmt::format(" unicast{}\n", options);
        }
        if (!text.empty()) {
            files_.push_back({folder + "ifroute-" + link.name.str(), head_line(profile_) + text});
        }
        return {};
    }

    const Profile& profile_;
    KeptFiles files_;
};

}  // namespace

Result<KeptFiles> write_wicked(const Profile& profile)
{
    return Writer{profile}.write();
}

}  // namespace kvmkit::net
