// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/internal/nic_xml.hpp"
#include "base/number.hpp"
#include "virt/spec/nic.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr const char* agent_port = "org.qemu.guest_agent.0";
constexpr const char* loopback = "127.0.0.1";
constexpr const char* backend_id = "kvmkit";
constexpr std::string_view backend_prefix = "user,id=kvmkit";
constexpr std::uint16_t ssh = 22;

struct AddSource {
    Node interface;

    void operator()(const UserNic& /*nic*/) const {}
    void operator()(const NetworkNic& nic) const { add(interface, "source", {{"network", nic.network}}); }
    /// Without <vlan>: before 11.0, libvirt refuses it on a Linux bridge. The port gets its VLAN from us.
    void operator()(const BridgeNic& nic) const { add(interface, "source", {{"bridge", nic.bridge}}); }
    void operator()(const MacvtapNic& nic) const { add(interface, "source", {{"dev", nic.link}, {"mode", "bridge"}}); }
};

const char* type_of(const Nic& nic)
{
    constexpr std::array names{"user", "network", "bridge", "direct"};
    return names.at(nic.source.index());
}

std::string source_of(Node interface)
{
    const Node source = interface.child("source");
    for (const char* kind : {"bridge", "network", "dev"}) {
        // A running VM on a network names its bridge as well; the network is what the user knows.
        const bool named = std::string_view{kind} != "bridge" || source.attribute("network").empty();
        if (named && !source.attribute(kind).empty()) {
            return source.attribute(kind).value();
        }
    }
    return {};
}

/// libvirt 9.0 has no words for ports that lead to a guest: QEMU is told itself. On this host only, not its LAN.
bool leads_in(const Nic& nic)
{
    const auto* user = std::get_if<UserNic>(&nic.source);
    return user != nullptr && !user->forwards.empty();
}

std::string backend_of(const UserNic& nic, std::size_t index)
{
    std::string text = fmt::format("{}{}", backend_prefix, index);
    for (const auto& port : nic.forwards) {
        text += fmt::format(",hostfwd=tcp:{}:{}-:{}", loopback, port.host, port.guest);
    }
    return text;
}

/// At the end of q35's root bus, where libvirt puts nothing: it does not know of this card.
std::string card_of(const Nic& nic, std::string_view uuid, std::size_t index)
{
    constexpr std::size_t last_slot = 0x1e;
    return fmt::format("virtio-net-pci,netdev={}{},mac={},bus=pcie.0,addr=0x{:x}",
                       backend_id,
                       index,
                       mac_of(nic, uuid, index),
                       last_slot - index);
}

/// The word behind `key` up to `end`, or none.
std::string_view word_after(std::string_view text, std::string_view key, std::string_view end)
{
    const auto at = text.find(key);
    if (at == std::string_view::npos) {
        return {};
    }
    const auto rest = text.substr(at + key.size());
    return rest.substr(0, rest.find(end));
}

std::optional<std::uint16_t> ssh_port_in(std::string_view backend)
{
    constexpr std::string_view key = ",hostfwd=tcp:127.0.0.1:";
    for (auto at = backend.find(key); at != std::string_view::npos; at = backend.find(key, at + 1)) {
        const auto rule = backend.substr(at + key.size());
        const auto guest = word_after(rule, "-:", ",");
        if (decimal<std::uint16_t>(guest) == ssh) {
            return decimal<std::uint16_t>(rule.substr(0, rule.find('-')));
        }
    }
    return std::nullopt;
}

/// The cards that add_forwarding_nics() made.
void find_forwarding_nics(Node domain, std::vector<LiveNic>& found)
{
    LiveNic nic;
    for (const Node argument : domain.child("qemu:commandline").children("qemu:arg")) {
        const std::string_view value = argument.attribute("value").value();
        if (value.starts_with(backend_prefix)) {
            nic = LiveNic{.mac = {}, .type = "user", .source = {}, .link = {}, .ssh_port = ssh_port_in(value)};
        }
        if (value.starts_with("virtio-net-pci,netdev=kvmkit")) {
            nic.mac = word_after(value, "mac=", ",");
            found.push_back(nic);
        }
    }
}

}  // namespace

void add_nics(Node devices, const DomainPlan& plan)
{
    const auto& nics = plan.spec.nics;
    for (std::size_t i = 0; i < nics.size(); ++i) {
        if (leads_in(nics[i])) {
            continue;
        }
        Node interface = add(devices, "interface", {{"type", type_of(nics[i])}});
        add(interface, "mac", {{"address", mac_of(nics[i], plan.uuid, i)}});
        std::visit(AddSource{interface}, nics[i].source);
        add(interface, "model", {{"type", "virtio"}});
        if (plan.nic_queues > 1 && !std::holds_alternative<UserNic>(nics[i].source)) {
            add(interface, "driver", {{"queues", fmt::format("{}", plan.nic_queues)}});
        }
    }
}

void add_forwarding_nics(Node domain, const DomainPlan& plan)
{
    const auto& nics = plan.spec.nics;
    if (std::ranges::none_of(nics, leads_in)) {
        return;
    }
    domain.append_attribute("xmlns:qemu").set_value("http://libvirt.org/schemas/domain/qemu/1.0");
    Node arguments = add(domain, "qemu:commandline");
    for (std::size_t i = 0; i < nics.size(); ++i) {
        if (!leads_in(nics[i])) {
            continue;
        }
        const auto backend = backend_of(std::get<UserNic>(nics[i].source), i);
        for (const auto& word :
             {std::string{"-netdev"}, backend, std::string{"-device"}, card_of(nics[i], plan.uuid, i)}) {
            add(arguments, "qemu:arg", {{"value", word}});
        }
    }
}

void add_agent_port(Node devices)
{
    Node channel = add(devices, "channel", {{"type", "unix"}});
    add(channel, "target", {{"type", "virtio"}, {"name", agent_port}});
}

std::vector<LiveNic> nics_in(std::string_view domain_xml)
{
    pugi::xml_document document;
    std::vector<LiveNic> found;
    if (!document.load_buffer(domain_xml.data(), domain_xml.size())) {
        return found;
    }
    const auto interfaces = document.child("domain").child("devices").children("interface");
    for (const Node interface : interfaces) {
        found.push_back({.mac = interface.child("mac").attribute("address").value(),
                         .type = interface.attribute("type").value(),
                         .source = source_of(interface),
                         .link = interface.child("target").attribute("dev").value()});
    }
    find_forwarding_nics(document.child("domain"), found);
    return found;
}

std::optional<bool> agent_connected_in(std::string_view domain_xml)
{
    pugi::xml_document document;
    if (!document.load_buffer(domain_xml.data(), domain_xml.size())) {
        return std::nullopt;
    }
    for (const Node channel : document.child("domain").child("devices").children("channel")) {
        const Node target = channel.child("target");
        if (std::string_view{target.attribute("name").value()} == agent_port) {
            return std::string_view{target.attribute("state").value()} == "connected";
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit::virt
