// SPDX-License-Identifier: Apache-2.0
#include "facts/capture_values.hpp"
#include "facts/version.hpp"

#include <algorithm>
#include <array>

namespace kvmkit::capture {
namespace {

constexpr unsigned permission_bits = 07777;

struct Manager {
    ServiceManager manager;
    const char* word;
};

constexpr std::array managers{Manager{ServiceManager::systemd, "systemd"},
                              Manager{ServiceManager::openrc, "openrc"},
                              Manager{ServiceManager::none, "none"}};

std::string text(const Json& json)
{
    return json.get<std::string>();
}

Written as_text(const std::string& value)
{
    return Written(value);
}

std::string decode_version(const Json& json)
{
    auto version = json.get<std::string>();
    if (!parse_version(version)) {
        throw BadValue{"'version' is no version"};
    }
    return version;
}

Ipv4Range decode_range(const Json& json, const char* key)
{
    const auto range = parse_ipv4_range(json.at(key).get<std::string>());
    if (!range) {
        throw BadValue{fmt::format("'{}' is no range of IPv4 addresses", key)};
    }
    return *range;
}

DefaultNetwork decode_network(const Json& json)
{
    DefaultNetwork network{json.at("bridge").get<std::string>(), decode_range(json, "range")};
    if (const auto clash = json.find("clash"); clash != json.end() && !clash->is_null()) {
        network.clash = Ipv4Route{clash->at("device").get<std::string>(), decode_range(*clash, "range")};
    }
    if (const auto spare = json.find("spare"); spare != json.end() && !spare->is_null()) {
        network.spare = decode_range(json, "spare");
    }
    return network;
}

Written encode_network(const DefaultNetwork& network)
{
    Written clash;
    if (network.clash) {
        clash = {{"device", network.clash->device}, {"range", to_text(network.clash->range)}};
    }
    return {{"bridge", network.bridge},
            {"range", to_text(network.range)},
            {"clash", std::move(clash)},
            {"spare", network.spare ? Written(to_text(*network.spare)) : Written(nullptr)}};
}

std::vector<NotedEmulator> decode_noted(const Json& json)
{
    std::vector<NotedEmulator> all;
    for (const Json& one : json) {
        const Json& version = one.at("version");
        all.push_back({one.at("emulator").get<std::string>(),
                       version.is_null() ? std::string{} : decode_version(version),
                       one.at("kvm").get<bool>()});
    }
    return all;
}

Written encode_noted(const std::vector<NotedEmulator>& all)
{
    Written json = Written::array();
    for (const NotedEmulator& one : all) {
        json.push_back({{"emulator", one.emulator},
                        {"version", one.version.empty() ? Written(nullptr) : Written(one.version)},
                        {"kvm", one.kvm}});
    }
    return json;
}

ServiceManager decode_manager(const Json& json)
{
    const auto found = std::ranges::find(managers, json.get<std::string>(), &Manager::word);
    if (found == managers.end()) {
        throw BadValue{"'manager' is none of systemd, openrc and none"};
    }
    return found->manager;
}

LibvirtAnswers decode_libvirt_answers(const Json& json)
{
    auto answers = parse_libvirt_answers(json.dump());
    if (!answers) {
        throw BadValue{"'answers' is no record of libvirt-facts"};
    }
    return *std::move(answers);
}

/// Without the VMs: no check looks at them, and their names are nobody's business.
Written encode_libvirt_answers(LibvirtAnswers answers)
{
    answers.domains.clear();
    return Written::parse(print_libvirt_answers(answers));
}

void read_libvirt(const Json& json, HostFacts& host)
{
    LibvirtFacts& libvirt = host.libvirt;
    if (const auto manager = json.find("manager"); manager != json.end()) {
        libvirt.manager = decode_manager(*manager);
    }
    update(json, "socket", libvirt.socket, text);
    update(json, "connect", libvirt.connect, decode_answer);
    update(json, "version", libvirt.version, decode_version);
    update(json, "noted", libvirt.noted, decode_noted);
    update(json, "answers", libvirt.answers, decode_libvirt_answers);
    update(json, "default_network", libvirt.default_network, decode_network);
    if (const auto images = json.find("images_on"); images != json.end()) {
        host.security.images_on = images->is_null() ? std::string{} : images->get<std::string>();
    }
}

Written encode_libvirt(const HostFacts& host)
{
    const LibvirtFacts& libvirt = host.libvirt;
    const auto& images = host.security.images_on;
    return {{"manager", std::ranges::find(managers, libvirt.manager, &Manager::manager)->word},
            {"socket", encode_fact(libvirt.socket, as_text)},
            {"connect", encode_fact(libvirt.connect, encode_answer)},
            {"version", encode_fact(libvirt.version, as_text)},
            {"noted", encode_fact(libvirt.noted, encode_noted)},
            {"answers", encode_fact(libvirt.answers, encode_libvirt_answers)},
            {"default_network", encode_fact(libvirt.default_network, encode_network)},
            {"images_on", images.empty() ? Written(nullptr) : Written(images)}};
}

/// Here null is a node that is missing; what nobody looked at is not mentioned.
void read_node(const Json& json, const char* name, unsigned minor, Fact<NamedNode>& node)
{
    if (const auto found = json.find(name); found != json.end()) {
        node = decode_fact<NamedNode>(
            *found, [minor](const Json& shape) { return node_shaped(shape.get<std::string>(), minor); });
        if (node && !*node) {
            node = std::optional{NamedNode{}};
        }
    }
}

void write_node(const Fact<NamedNode>& node, const char* name, Written& json)
{
    if (!node) {
        json[name] = encode_error(node.error());
    } else if (*node) {
        const bool missing = (*node)->state == NodeState::missing;
        json[name] = missing ? Written(nullptr) : Written((*node)->shape);
    }
}

void read_network(const Json& json, NetworkFacts& network)
{
    read_node(json, "tun", tun_minor, network.tun);
    read_node(json, "vhost_net", vhost_net_minor, network.vhost_net);
    read_node(json, "vhost_vsock", vhost_vsock_minor, network.vhost_vsock);
    network.has_vhost_net = json.value("has_vhost_net", network.has_vhost_net);
    update(json, "forward_policy", network.forward_policy, text);
}

Written encode_network_facts(const NetworkFacts& network)
{
    Written json = Written::object();
    write_node(network.tun, "tun", json);
    write_node(network.vhost_net, "vhost_net", json);
    write_node(network.vhost_vsock, "vhost_vsock", json);
    json["has_vhost_net"] = network.has_vhost_net;
    json["forward_policy"] = encode_fact(network.forward_policy, as_text);
    return json;
}

KvmUsers decode_users(const Json& json)
{
    KvmUsers found{.users = {}, .hidden = number_in<std::size_t>(json, "hidden")};
    for (const Json& user : json.at("users")) {
        found.users.push_back(
            {number_in<int>(user, "pid", 1), text(user.at("command")), user.at("machine").get<bool>()});
    }
    return found;
}

Written encode_users(const KvmUsers& found)
{
    Written users = Written::array();
    for (const KvmUser& user : found.users) {
        users.push_back({{"pid", user.pid}, {"command", user.command}, {"machine", user.machine}});
    }
    return {{"users", std::move(users)}, {"hidden", found.hidden}};
}

std::vector<DeviceList> decode_device_lists(const Json& json)
{
    std::vector<DeviceList> lists;
    for (const Json& list : json) {
        lists.push_back({text(list.at("group")), list.at("allows_kvm").get<bool>()});
    }
    return lists;
}

Written encode_device_lists(const std::vector<DeviceList>& lists)
{
    Written json = Written::array();
    for (const DeviceList& list : lists) {
        json.push_back({{"group", list.group}, {"allows_kvm", list.allows_kvm}});
    }
    return json;
}

}  // namespace

void read_software(const Json& document, HostFacts& host)
{
    if (const auto libvirt = document.find("libvirt"); libvirt != document.end()) {
        read_libvirt(*libvirt, host);
    }
    if (const auto qemu = document.find("qemu"); qemu != document.end()) {
        update(*qemu, "version", host.qemu.version, decode_version);
    }
    if (const auto network = document.find("network"); network != document.end()) {
        read_network(*network, host.network);
    }
    update(document, "kvm_users", host.conflicts.kvm_users, decode_users);
    update(document, "device_lists", host.resources.device_lists, decode_device_lists);
}

void write_software(const HostFacts& host, Written& document)
{
    document["libvirt"] = encode_libvirt(host);
    document["qemu"] = Written{{"version", encode_fact(host.qemu.version, as_text)}};
    document["network"] = encode_network_facts(host.network);
    document["kvm_users"] = encode_fact(host.conflicts.kvm_users, encode_users);
    document["device_lists"] = encode_fact(host.resources.device_lists, encode_device_lists);
}

UdevNode decode_udev(const Json& json)
{
    UdevNode udev;
    const auto& mode = json.at("mode");
    const auto& group = json.at("group");
    const auto& user = json.at("seat_user");
    udev.mode = mode.is_null() ? std::nullopt : std::optional{octal(mode, "mode", permission_bits)};
    udev.group = group.is_null() ? std::string{} : group.get<std::string>();
    udev.open_to_seat = json.at("open_to_seat").get<bool>();
    udev.seat_user = user.is_null() ? std::nullopt : std::optional{number<unsigned>(user, "seat_user")};
    return udev;
}

Written encode_udev(const UdevNode& udev)
{
    return {{"mode", udev.mode ? Written(fmt::format("{:04o}", *udev.mode)) : Written(nullptr)},
            {"group", udev.group.empty() ? Written(nullptr) : Written(udev.group)},
            {"open_to_seat", udev.open_to_seat},
            {"seat_user", udev.seat_user ? Written(*udev.seat_user) : Written(nullptr)}};
}

}  // namespace kvmkit::capture
