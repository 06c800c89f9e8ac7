// SPDX-License-Identifier: Apache-2.0
#include "probe/forward_policy.hpp"

#include "base/text.hpp"
#include "probe/modules.hpp"
#include "system/small_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::milliseconds patience{1000};
constexpr std::size_t most_rules = std::size_t{8} << 20U;

/// What the program printed; an exit code other than 0 is an Error, too.
Result<std::string> output_of(Runner& runner, std::vector<std::string> argv, Deadline deadline)
{
    const auto name = argv.front();
    const auto ended =
        runner.run({.argv = std::move(argv), .timeout = std::min(patience, deadline.left()), .most_out = most_rules});
    if (!ended && ended.error().code == ErrorCode::not_found) {
        return Error{ErrorCode::not_found, fmt::format("cannot read the firewall's rules: {} is not installed", name)};
    }
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return Error{ErrorCode::external, fmt::format("cannot read the firewall's rules: {} failed", name)};
    }
    return ended->out;
}

bool sees_forwarded(const Json& chain, IpFamily wanted)
{
    const auto family = chain.value("family", "");
    return chain.value("hook", "") == "forward" &&
           (family == "inet" || family == (wanted == IpFamily::v4 ? "ip" : "ip6"));
}

/// "iptables", for IPv6 "ip6tables", with what is to follow.
std::string iptables(IpFamily family, std::string_view kind)
{
    return fmt::format("{}{}", family == IpFamily::v4 ? "iptables" : "ip6tables", kind);
}

/// iptables of the old kind shows its tables there, once it is in the kernel.
bool has_old_filter(const Root& root, IpFamily family)
{
    const auto text =
        text_or_nothing(root, family == IpFamily::v4 ? "proc/net/ip_tables_names" : "proc/net/ip6_tables_names");
    const auto tables = lines(text);
    return std::ranges::find(tables, "filter") != tables.end();
}

/// Absent: nf_tables is not loaded, so that it filters nothing. A kernel without modules loads nothing when it is
/// asked.
Fact<std::string> ask_nft(const Root& root, Runner& runner, Deadline deadline, IpFamily family)
{
    const auto state = find_module(root, "nf_tables");
    const bool may_ask = state == ModuleState::present || !root.exists("proc/modules");
    if (!may_ask && state == ModuleState::untold) {
        return Error{ErrorCode::unsupported, "cannot tell whether nf_tables is in the kernel"};
    }
    if (!may_ask) {
        return std::optional<std::string>{};
    }
    const auto out = output_of(runner, {"nft", "-j", "list", "chains"}, deadline);
    if (out) {
        return parse_nft_chains(*out, family);
    }
    if (out.error().code != ErrorCode::not_found) {
        return out.error();
    }
    const auto rules = output_of(runner, {iptables(family, "-nft"), "-S", "FORWARD"}, deadline);
    if (rules && parse_iptables_policy(*rules) == "drop") {  // of other tables than its own it knows nothing
        return std::optional<std::string>{"drop"};
    }
    return Error{ErrorCode::not_found, out.error().message, "install nftables, whose nft tells"};
}

Fact<std::string> ask_iptables(Runner& runner, Deadline deadline, IpFamily family)
{
    for (const auto* kind : {"-legacy", ""}) {
        const auto out = output_of(runner, {iptables(family, kind), "-S", "FORWARD"}, deadline);
        if (out) {
            return parse_iptables_policy(*out);
        }
        if (out.error().code != ErrorCode::not_found) {
            return out.error();
        }
    }
    return Error{ErrorCode::not_found,
                 fmt::format("cannot read the firewall's rules: {} is not installed", iptables(family, ""))};
}

}  // namespace

Fact<std::string> parse_nft_chains(std::string_view json, IpFamily family)
try {
    std::optional<std::string> policy;
    const Json document = Json::parse(json);
    for (const Json& object : document.at("nftables")) {
        const auto chain = object.find("chain");
        if (chain == object.end() || !sees_forwarded(*chain, family)) {
            continue;
        }
        const bool drops = chain->value("policy", "accept") == "drop";
        policy = drops || policy == "drop" ? "drop" : "accept";
    }
    return policy;
} catch (const Json::exception&) {
    return Error{ErrorCode::external, "cannot read the firewall's rules: nft printed no list of chains"};
}

std::optional<std::string> parse_iptables_policy(std::string_view rules)
{
    const auto row = words(rules.substr(0, rules.find('\n')));  // "-P FORWARD DROP"
    if (row.size() != 3 || row[0] != "-P" || row[1] != "FORWARD") {
        return std::nullopt;
    }
    return row[2] == "ACCEPT" ? "accept" : "drop";
}

Fact<std::string> ask_forward_policy(const Root& root, Runner& runner, Deadline deadline, IpFamily family)
{
    if (::geteuid() != 0) {
        return Error{ErrorCode::permission, "only root may read the firewall's rules", "run kvm-check as root"};
    }
    const auto by_nft = ask_nft(root, runner, deadline, family);
    const bool settled = by_nft && *by_nft == "drop";
    const bool old = !settled && has_old_filter(root, family);
    const auto by_old = old ? ask_iptables(runner, deadline, family) : Fact<std::string>{std::nullopt};
    if (settled || (by_old && *by_old == "drop")) {
        return std::optional<std::string>{"drop"};
    }
    if (!by_nft || !by_old) {  // the one that did not answer may drop
        return by_nft ? by_old.error() : by_nft.error();
    }
    return std::optional<std::string>{"accept"};
}

Fact<std::string> ask_bridged_policy(const Root& root, Runner& runner, Deadline deadline)
{
    auto policy = ask_forward_policy(root, runner, deadline, IpFamily::v4);
    const auto filter = trimmed(root, "proc/sys/net/bridge/bridge-nf-call-ip6tables");
    if ((policy && *policy == "drop") || !filter || *filter != "1") {
        return policy;
    }
    auto of_ipv6 = ask_forward_policy(root, runner, deadline, IpFamily::v6);
    if (of_ipv6 && *of_ipv6 == "drop") {
        return std::optional<std::string>{"drop-ipv6"};
    }
    return policy && !of_ipv6 ? of_ipv6 : policy;
}

}  // namespace kvmkit
