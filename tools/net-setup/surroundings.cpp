// SPDX-License-Identifier: Apache-2.0
#include "surroundings.hpp"

#include "facts/underlay.hpp"
#include "net/doctor/read_facts.hpp"
#include "net/owner/interfaces_file.hpp"
#include "probe/underlay.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

constexpr unsigned oldest_ancestor = 32;

/// The value of a variable in /proc/PID/environ, whose entries end with a zero byte; empty if it is not there.
std::string variable_in(std::string_view environment, std::string_view name)
{
    while (!environment.empty()) {
        const auto end = std::min(environment.find('\0'), environment.size());
        const auto entry = environment.substr(0, end);
        if (entry.starts_with(name) && entry.substr(name.size()).starts_with('=')) {
            return std::string{entry.substr(name.size() + 1)};
        }
        environment.remove_prefix(std::min(end + 1, environment.size()));
    }
    return {};
}

/// The fourth word of /proc/PID/stat. The second one, a name in brackets, may hold blanks.
int parent_of(const Root& root, int process)
{
    const auto stat = root.read(fmt::format("proc/{}/stat", process));
    const auto bracket = stat && *stat ? (*stat)->rfind(')') : std::string::npos;
    if (bracket == std::string::npos || (*stat)->size() < bracket + 5) {
        return 0;
    }
    int parent = 0;
    const auto rest = std::string_view{**stat}.substr(bracket + 4);
    (void)std::from_chars(rest.data(), rest.data() + rest.size(), parent);
    return parent;
}

std::string connection_of_ancestors(const Root& root)
{
    int process = ::getppid();
    for (unsigned i = 0; process > 1 && i < oldest_ancestor; ++i) {
        const auto environment = root.read(fmt::format("proc/{}/environ", process));
        if (environment && *environment) {
            if (auto found = variable_in(**environment, "SSH_CONNECTION"); !found.empty()) {
                return found;
            }
        }
        process = parent_of(root, process);
    }
    return {};
}

std::map<net::LinkName, std::string> drivers(const Root& root)
{
    std::map<net::LinkName, std::string> drivers;
    const auto names = root.names("sys/class/net");
    for (const std::string& name : names&&* names ? **names : std::vector<std::string>{}) {
        const auto target = root.link_target(fmt::format("sys/class/net/{}/device/driver", name));
        if (target && *target) {
            drivers.emplace(net::LinkName::from_kernel(name), (*target)->substr((*target)->rfind('/') + 1));
        }
    }
    return drivers;
}

std::set<std::string> ifupdown_links(const Root& root)
{
    std::set<std::string> names;
    for (const net::InterfacesFile& file : net::interfaces_files(root)) {
        for (const net::InterfacesStanza& stanza : file.stanzas) {
            if (stanza.words.size() > 1 && stanza.words[0] == "iface") {
                names.insert(stanza.words[1]);
            }
        }
    }
    return names;
}

net::HazardFacts read_surroundings(const Root& root)
{
    net::HazardFacts around{.drivers = drivers(root), .operator_at = net::read_operator(ssh_connection())};
    const auto dmi = read_dmi(root);
    if (dmi && *dmi) {
        around.cloud = cloud_of(**dmi);
        around.vmware = (*dmi)->vendor.starts_with("VMware");
    }
    around.proxmox = root.exists("etc/pve") || root.exists("usr/bin/pveversion");
    if (around.proxmox) {
        around.ifupdown_links = ifupdown_links(root);
    }
    return around;
}

}  // namespace

void declare_surroundings(cli::po::options_description_easy_init& add)
{
    using Texts = std::vector<std::string>;
    add("allow",
        cli::po::value<Texts>()->value_name("HAZARD,..."),
        "do it although it is refused by this name: cloud-nic, wifi, vmware, hyper-v, bpdu, proxmox, way-back, or all");
    add("root",
        cli::po::value<std::string>()->value_name("DIR")->default_value("/"),
        "read below DIR what machine this is and who else configures it");
}

std::string ssh_connection()
{
    const char* own = std::getenv("SSH_CONNECTION");  // NOLINT(concurrency-mt-unsafe): nobody changes it
    if (own != nullptr) {
        return own;
    }
    const auto root = Root::open("/");
    return root ? connection_of_ancestors(*root) : std::string{};
}

const net::HazardFacts& Caution::around() const
{
    if (!around_) {
        around_ = read_surroundings(root_);
    }
    return *around_;
}

/// Silence on a card that no frame can come in by proves nothing.
std::vector<int> Caution::hearing(const std::vector<const net::Link*>& cards) const
{
    std::vector<int> indexes;
    for (const net::Link* card : cards) {
        if (card->up && card->carrier) {
            indexes.push_back(card->index);
        } else if (warn_) {
            warn_(fmt::format("nothing can be heard on '{}': it {}",
                              card->name.str(),
                              card->up ? "has no carrier" : "is down; ip link set " + card->name.str() + " up"));
        }
    }
    return indexes;
}

Result<void> Caution::hear(const net::Network& network, const net::Plan& plan) const
{
    const auto cards = net::cards_to_bridge(network, plan, around());
    if (cards.empty()) {
        return {};
    }
    const auto time = *std::exchange(listen_, std::nullopt);
    const auto indexes = hearing(cards);
    const auto heard = indexes.empty() ? Result<std::vector<net::Bpdu>>{} : net::listen_for_bpdus(indexes, time, stop_);
    if (!heard) {
        return heard.error();
    }
    for (const net::Bpdu& bpdu : *heard) {
        around_->bpdus.emplace(net::find(network, bpdu.link)->name, bpdu.sender);
    }
    return {};
}

std::optional<net::Hazard> Caution::operator()(const net::Network& network, const net::Plan& plan) const
{
    if (plan.empty()) {
        return std::nullopt;
    }
    // What takes time comes last.
    auto hazard = net::hazard_of(network, plan, around(), allowed_);
    if (hazard || !listen_ || allowed_.contains("bpdu")) {
        return hazard;
    }
    if (auto listened = hear(network, plan); !listened) {
        return net::Hazard{"bpdu", std::move(listened).error()};
    }
    return net::hazard_of(network, plan, around(), allowed_);
}

Result<std::optional<std::chrono::seconds>> listening_time(const cli::Arguments& arguments)
{
    constexpr unsigned longest = 600;
    const auto text = arguments.maybe("listen");
    if (!text) {
        return std::optional<std::chrono::seconds>{};
    }
    unsigned seconds = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (read.ec != std::errc{} || read.ptr != text->data() + text->size() || seconds == 0 || seconds > longest) {
        return Error{ErrorCode::usage,
                     fmt::format("--listen takes a number of seconds, not '{}'", *text),
                     fmt::format("give 1 to {}; a spanning tree says hello every 2 s", longest)};
    }
    return std::optional{std::chrono::seconds{seconds}};
}

Result<Caution> read_caution(const cli::Arguments& arguments)
{
    auto allowed = net::read_allowed(arguments.list("allow"));
    auto root = Root::open(arguments.text("root"));
    const auto listen = listening_time(arguments);
    if (!allowed || !root || !listen) {
        return !allowed ? std::move(allowed).error() : !root ? std::move(root).error() : listen.error();
    }
    return Caution{*std::move(root), *std::move(allowed), *listen};
}

}  // namespace kvmkit::net_setup
