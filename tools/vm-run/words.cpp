// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include "connect.hpp"
#include "image_options.hpp"
#include "net/netlink/route_socket.hpp"
#include "virt/image/store.hpp"
#include "virt/libvirt/daemon.hpp"
#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/network.hpp"
#include "wait_options.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

std::string uri_of(const cli::Given& given)
{
    return given.option("connect").value_or(default_uri());
}

/// A connection that starts nobody and asks for no password; absent: there is none of that kind.
std::optional<virt::Connection> quiet_connection(const std::string& uri)
{
    virt::silence_libvirt();
    auto connection = virt::answers_unstarted(uri) ? virt::Connection::open_read_only(uri)
                                                   : Result<virt::Connection>{Error{ErrorCode::not_found, ""}};
    return connection ? std::optional{*std::move(connection)} : std::nullopt;
}

cli::Candidates running_daemons_vms(const virt::Connection& connection)
{
    cli::Candidates candidates;
    const auto domains = connection.domains();
    if (!domains) {
        return candidates;
    }
    for (const auto& domain : *domains) {
        const auto name = domain.name();
        const auto state = domain.state();
        if (name && state) {
            candidates.push_back({*name, std::string{word(*state)}});
        }
    }
    return candidates;
}

/// "bridge=br0" for each link of that sort.
void add_links(cli::Candidates& candidates, const std::string& kind, bool (*fits)(const net::Link&))
{
    auto route = net::RouteSocket::open();
    const auto network = route ? route->observe() : route.error();
    for (const net::Link& link : network ? network->links : std::vector<net::Link>{}) {
        if (fits(link)) {
            candidates.push_back({fmt::format("{}={}", kind, link.name.str())});
        }
    }
}

cli::Candidates network_kinds(const cli::Given& given)
{
    const std::string& typed = given.typed;
    cli::Candidates candidates;
    if (typed.starts_with("bridge=")) {
        add_links(candidates, "bridge", [](const net::Link& link) { return link.is_bridge(); });
    } else if (typed.starts_with("macvtap=")) {
        add_links(candidates, "macvtap", [](const net::Link& link) { return link.ethernet && link.kind.empty(); });
    } else if (typed.starts_with("network=")) {
        const auto connection = quiet_connection(uri_of(given));
        const auto names = connection ? virt::network_names(*connection) : Result<std::vector<std::string>>{};
        for (const auto& name : names ? *names : std::vector<std::string>{}) {
            candidates.push_back({"network=" + name});
        }
    } else {
        candidates = {{"auto", "libvirt's network 'default' where it runs, else user"},
                      {"none", "no card"},
                      {"user", "out through this host, not in"},
                      {"network=", "a network of libvirt's"},
                      {"bridge=", "a port of a bridge"},
                      {"macvtap=", "beside the host on one of its cards"}};
    }
    return candidates;
}

cli::Candidates waits_but(Wait impossible)
{
    auto words = wait_words();
    std::erase(words, word(impossible));
    return cli::candidates_of(words);
}

}  // namespace

cli::Candidates vms(const cli::Given& given)
{
    const auto uri = uri_of(given);
    const auto connection = quiet_connection(uri);
    auto candidates = connection ? running_daemons_vms(*connection) : cli::candidates_of(virt::names_in_files(uri));
    std::erase_if(candidates, [&given](const cli::Candidate& vm) {  // none is named twice
        return std::ranges::find(given.operands, vm.word) != given.operands.end();
    });
    return candidates;
}

cli::Candidates cached_images(const cli::Given& given)
{
    const auto images = virt::ImageStore{txn::default_places()}.list();
    cli::Candidates candidates;
    for (const auto& image : images ? *images : std::vector<virt::StoredImage>{}) {
        if (std::ranges::find(given.operands, image.name) == given.operands.end()) {
            candidates.push_back({image.name, "cached"});
        }
    }
    return candidates;
}

cli::Candidates known_image_names(const cli::Given& /*given*/)
{
    const auto catalogue = known_images();
    cli::Candidates candidates;
    for (const auto& source : catalogue ? *catalogue : virt::Catalogue{}) {
        candidates.push_back({source.name, source.title});
    }
    return candidates;
}

cli::Candidates all_images(const cli::Given& given)
{
    auto candidates = cached_images(given);
    std::ranges::move(known_image_names(given), std::back_inserter(candidates));
    return candidates;
}

cli::Candidates network_words(const cli::Given& given)
{
    const auto comma = given.typed.rfind(',');
    if (comma == std::string::npos) {
        return network_kinds(given);
    }
    cli::Candidates candidates;
    const std::string before = given.typed.substr(0, comma + 1);
    const auto add = [&](const char* key, const char* help) { candidates.push_back({before + key, help}); };
    if (before.starts_with("user,")) {
        add("fwd=", "HOST:GUEST, a port of this host that leads to one of the guest's");
    }
    if (before.starts_with("bridge=")) {
        add("vlan=", "the VLAN that the guest is in");
    }
    add("mac=", "the card's address");
    add("ip=", "a fixed address, as 192.0.2.5/24");
    if (before.find(",ip=") != std::string::npos) {
        add("gw=", "the way out");
        add("dns=", "whom to ask for names");
    }
    return candidates;
}

cli::Candidates disk_words(const cli::Given& given)
{
    const auto comma = given.typed.find(',');
    if (comma == std::string::npos) {
        return {};
    }
    const std::string before = given.typed.substr(0, comma + 1);
    return {{before + "format=qcow2", "grows as it is written"}, {before + "format=raw"}};
}

cli::Candidates launch_waits(const cli::Given& /*given*/)
{
    return waits_but(Wait::off);
}

cli::Candidates later_waits(const cli::Given& /*given*/)
{
    return waits_but(Wait::none);
}

cli::Candidates addresses_of_libvirt(const cli::Given& /*given*/)
{
    return {{"qemu:///system", "this host's VMs"}, {"qemu:///session", "this user's VMs"}};
}

cli::Candidates pci_devices(const cli::Given& /*given*/)
{
    const auto root = Root::open("/");
    const auto names = root ? root->names("sys/bus/pci/devices") : root.error();
    return names && *names ? cli::candidates_of(**names) : cli::Candidates{};
}

}  // namespace kvmkit::vm_run
