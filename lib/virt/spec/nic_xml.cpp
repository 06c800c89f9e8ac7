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

/// "hostfwd=tcp:127.0.0.1:2222-:22" as often as it stands there.
std::vector<PortForward> forwards_in(std::string_view backend)
{
    constexpr std::string_view key = ",hostfwd=tcp:127.0.0.1:";
    std::vector<PortForward> forwards;
    for (auto at = backend.find(key); at != std::string_view::npos; at = backend.find(key, at + 1)) {
        const auto rule = backend.substr(at + key.size());
        const auto host = decimal<std::uint16_t>(rule.substr(0, rule.find('-')));
        const auto guest = decimal<std::uint16_t>(word_after(rule, "-:", ","));
        if (host && guest) {
            forwards.push_back({*host, *guest});
        }
    }
    return forwards;
}

std::optional<std::uint16_t> ssh_port_in(const std::vector<PortForward>& forwards)
{
    const auto found = std::ranges::find(forwards, ssh, &PortForward::guest);
    return found != forwards.end() ? std::optional{found->host} : std::nullopt;
}

/// A card that add_forwarding_nics() made.
struct ForwardingNic {
    std::string mac;
    std::vector<PortForward> forwards;
};

std::vector<ForwardingNic> forwarding_nics_in(Node domain)
{
    std::vector<ForwardingNic> found;
    std::vector<PortForward> forwards;
    for (const Node argument : domain.child("qemu:commandline").children("qemu:arg")) {
        const std::string_view value = argument.attribute("value").value();
        if (value.starts_with(backend_prefix)) {
            forwards = forwards_in(value);
        }
        if (value.starts_with("virtio-net-pci,netdev=kvmkit")) {
            found.push_back({std::string{word_after(value, "mac=", ",")}, forwards});
        }
    }
    return found;
}

/// The VLAN that add_port_marks() noted for a card.
std::optional<std::uint16_t> vlan_of(Node domain, std::string_view mac)
{
    for (const Node mark : domain.child("metadata").children()) {
        for (const Node port : mark.children()) {
            if (port.attribute("mac").value() == mac) {
                return decimal<std::uint16_t>(port.attribute("vlan").value());
            }
        }
    }
    return std::nullopt;
}

std::variant<UserNic, NetworkNic, BridgeNic, MacvtapNic> wished_source(const LiveNic& live, Node domain)
{
    if (live.type == "bridge") {
        return BridgeNic{live.source, vlan_of(domain, live.mac)};
    }
    if (live.type == "network") {
        return NetworkNic{live.source};
    }
    return live.type == "direct" ? std::variant<UserNic, NetworkNic, BridgeNic, MacvtapNic>{MacvtapNic{live.source}}
                                 : UserNic{};
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

void add_port_marks(Node mark, const DomainPlan& plan)
{
    const auto& nics = plan.spec.nics;
    for (std::size_t i = 0; i < nics.size(); ++i) {
        const auto* bridge = std::get_if<BridgeNic>(&nics[i].source);
        if (bridge != nullptr && bridge->vlan) {
            add(mark,
                "kvmkit:port",
                {{"mac", mac_of(nics[i], plan.uuid, i)}, {"vlan", fmt::format("{}", *bridge->vlan)}});
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
    for (ForwardingNic& nic : forwarding_nics_in(document.child("domain"))) {
        found.push_back({.mac = std::move(nic.mac),
                         .type = "user",
                         .source = {},
                         .link = {},
                         .ssh_port = ssh_port_in(nic.forwards)});
    }
    return found;
}

std::vector<Nic> wished_nics_in(std::string_view domain_xml)
{
    pugi::xml_document document;
    std::vector<Nic> wished;
    if (!document.load_buffer(domain_xml.data(), domain_xml.size())) {
        return wished;
    }
    const Node domain = document.child("domain");
    const auto forwarding = forwarding_nics_in(domain);
    for (const LiveNic& live : nics_in(domain_xml)) {
        const auto known = std::ranges::find(forwarding, live.mac, &ForwardingNic::mac);
        wished.push_back(
            {known != forwarding.end() ? UserNic{known->forwards} : wished_source(live, domain), live.mac});
    }
    return wished;
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
