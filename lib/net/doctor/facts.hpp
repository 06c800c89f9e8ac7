// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "net/model/network.hpp"
#include "net/owner/detect.hpp"
#include "net/planner/way_back.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// What the doctor knows of a link besides its messages. Absent: the kernel did not tell, or there is no such thing.
struct LinkFacts {
    int index = 0;
    std::optional<unsigned> address_assign_type = {};  ///< NET_ADDR_*: 3 was set by somebody and stays.
    std::optional<unsigned> rp_filter = {};            ///< The link's own; the kernel takes the larger of it and all's.
    std::optional<bool> filters_vlans = {};            ///< The card's own filter is on: ethtool's rx-vlan-filter.
};

/// A spanning tree's hello that came in on a link.
struct Bpdu {
    int link = 0;
    std::string sender = {};  ///< "8000.525400000001"; empty: a notification, which does not say.
};

/// Who gives a card its settings.
struct Ownership {
    LinkName link = LinkName::from_kernel("");
    std::vector<Claim> claims = {};  ///< None: nobody.
};

/// Everything that the judgement of a network looks at.
struct DoctorFacts {
    Network network = {};
    std::vector<LinkFacts> links = {};
    unsigned rp_filter_of_all = 0;
    std::optional<bool> forwards_ipv4 = {};
    bool bridges_ask_iptables = false;  ///< bridge-nf-call-iptables; false as well where br_netfilter is not loaded.
    bool bridges_ask_ip6tables = false;
    std::string systemd_sysctl = {};  ///< The program that makes settings of sysctl.d anew; empty: there is none.
    Fact<std::string> forward_policy{std::nullopt};  ///< "drop", "accept"; absent: nobody filters, or nobody asked.
    bool firewalld_runs = false;
    std::vector<Bpdu> bpdus = {};
    std::vector<Ownership> owners = {};        ///< Of cards; none where nobody looked.
    std::vector<LinkName> until_boot = {};     ///< Links that nobody makes again; none where nobody looked.
    std::optional<Operator> operator_at = {};  ///< Absent: no ssh session of this network namespace is known.
};

/// Those of that link, or null.
const LinkFacts* facts_of(const DoctorFacts& facts, const Link& link);

/// The bridges whose frames pass iptables on their way from port to port.
std::vector<const Link*> filtered_bridges(const DoctorFacts& facts);

}  // namespace kvmkit::net
