// SPDX-License-Identifier: Apache-2.0
#include "facts/capture.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Capture, KeepsApartMissingNullUnknownAndRefused)
{
    HostFacts host;
    const auto read = read_capture(R"({"schema": "kvmkit.capture/1", "arch": "x86_64", "kvm": {
        "node": {"major": 10, "minor": 232, "mode": "0660", "uid": 0, "gid": 106},
        "open": {"value": -1, "errno": "EACCES"},
        "create_vm": null,
        "run_long": {"unknown": "no guest code"}}})",
                                   host);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(**host.arch, "x86_64");
    EXPECT_EQ((*host.kvm.node)->kind, NodeKind::kvm_device);
    EXPECT_EQ((*host.kvm.node)->mode, 0660U);
    EXPECT_EQ((*host.kvm.open)->errnum, EACCES);
    EXPECT_FALSE(host.kvm.api_version);
    EXPECT_EQ(host.kvm.api_version.error().message, "not recorded: 'api_version' in capture.json");
    EXPECT_FALSE(*host.kvm.create_vm);
    EXPECT_EQ(host.kvm.run_long.error().code, ErrorCode::unsupported);
}

TEST(Capture, ReadsMeasurements)
{
    HostFacts host;
    const auto read = read_capture(R"({"schema": "kvmkit.capture/1", "kvm": {
        "run_real": {"passed": false, "detail": "no", "took_us": 5},
        "speed": {"kernel_ns": 30.0, "user_ns": null, "host_ns": 0.5}}})",
                                   host);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_FALSE((*host.kvm.run_real)->passed);
    EXPECT_EQ((*host.kvm.run_real)->detail, "no");
    EXPECT_DOUBLE_EQ((*host.kvm.speed)->ratio(), 60);
    EXPECT_FALSE((*host.kvm.speed)->user_ns);
}

TEST(Capture, ReadsWhatWasSeenOfNesting)
{
    HostFacts host;
    const auto read = read_capture(R"({"schema": "kvmkit.capture/1", "kvm": {
        "offer": {"vmx": false, "svm": true, "nested_paging": true, "state_size": 4224},
        "msrs": {"checked": 63, "refused": 1, "first": [{"index": "0x10a", "value": "0x400000000c000069"}]},
        "exit_cost": {"kernel_ns": 5650, "user_ns": null},
        "nested_run": {"passed": true, "detail": null, "took_us": 900}, "nested_paging": null}})",
                                   host);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE((*host.kvm.offer)->nests());
    ASSERT_EQ((*host.kvm.msrs)->first.size(), 1U);
    EXPECT_EQ((*host.kvm.msrs)->first.front().index, 0x10aU);
    EXPECT_EQ((*host.kvm.msrs)->first.front().value, 0x400000000c000069U);
    EXPECT_FALSE((*host.kvm.exit_cost)->user_ns);
    EXPECT_TRUE((*host.kvm.nested_run)->passed);
    EXPECT_TRUE(host.kvm.nested_paging && !*host.kvm.nested_paging);
}

/// Every kind of fact in every kind of state.
HostFacts full_host()
{
    HostFacts host;
    host.arch = std::optional<std::string>{"x86_64"};
    host.user = std::optional{UserFacts{"alice", 1000, {106, 1000}}};
    host.cpuid = std::optional{CpuidFacts{true, false, true, "KVMKVMKVM", {{0x40000000, 0, 1, 2, 3, 0xffffffff}}}};
    host.kernel_log = std::optional<std::vector<std::string>>{{"kvm: disabled by bios"}};
    host.container = std::optional{ContainerFacts{"docker", "/.dockerenv"}};
    host.confidential = std::optional<ConfidentialFacts>{};
    host.kvm.built_in = {"kvm", "kvm_intel"};
    host.kvm.node = std::optional{
        DeviceNode{NodeKind::kvm_device, "character device 10:232", 0660, 0, 106, {{AclTag::user, 6, 1000}}}};
    host.kvm.open = std::optional{Answer{}};
    host.kvm.api_version = std::optional{Answer{12, 0}};
    host.kvm.create_vm = std::optional{Answer{-1, EBUSY}};
    host.kvm.create_vcpu = std::optional{Answer{-1, ENOMEM}};
    host.kvm.watchdog = std::optional{GuestRun{true, "", std::chrono::microseconds{2300}}};
    host.kvm.counters = std::optional<std::size_t>{57};
    host.conflicts.kvm_users = std::optional{KvmUsers{{{12, "qemu-system-x86", true}}, 3}};
    host.resources.device_lists = std::optional<std::vector<DeviceList>>{{{"machine.slice", false}, {"", true}}};
    host.network.forward_policy = std::optional<std::string>{"drop"};
    host.kvm.run_real = std::optional<GuestRun>{};
    host.kvm.run_long = Error{ErrorCode::timeout, "the time was up", "give it more"};
    host.kvm.speed = std::optional{GuestSpeed{0.25, std::nullopt, 0.5}};
    host.kvm.offer = std::optional{NestedOffer{.svm = true, .nested_paging = true, .state_size = 4224}};
    host.kvm.msrs = std::optional{MsrWriteback{63, 1, {{0x10a, 0x400000000c000069}}}};
    host.kvm.exit_cost = std::optional{ExitCost{5650, std::nullopt}};
    host.kvm.nested_run = std::optional{GuestRun{false, "it did not", std::chrono::microseconds{900}}};
    host.kvm.nested_paging = std::optional<GuestRun>{};
    host.kvm.capabilities = std::optional{KvmCapabilities{8, 1024, {"KVM_CAP_IRQFD"}, true}};
    host.kernel_settings.feature_control = std::optional<std::uint64_t>{0x5};
    host.resources.looked = true;
    host.resources.process = std::optional{ProcessFacts{.uid = 1000,
                                                        .locked_memory = ResourceLimit{8388608, std::nullopt},
                                                        .open_files = std::nullopt,
                                                        .tasks = ResourceLimit{9, 10},
                                                        .memory_left = Bytes::mib(512),
                                                        .tasks_left = 40}};
    host.kvm.udev = std::optional{UdevNode{.mode = 0660, .group = "kvm", .open_to_seat = true, .seat_user = 1000}};
    host.libvirt.manager = ServiceManager::openrc;
    host.libvirt.socket = std::optional<std::string>{"/run/libvirt/libvirt-sock"};
    host.libvirt.connect = std::optional{Answer{-1, ECONNREFUSED}};
    host.libvirt.version = std::optional<std::string>{"9.0.0"};
    host.libvirt.noted = std::optional<std::vector<NotedEmulator>>{{{"/usr/bin/q", "7.2.22", true}, {"/b", "", false}}};
    host.libvirt.default_network = std::optional{
        DefaultNetwork{"virbr0", {0xc0a87a00, 24}, Ipv4Route{"eth0", {0xc0a87a00, 25}}, Ipv4Range{0xc0a87b00, 24}}};
    host.libvirt.answers = std::optional{LibvirtAnswers{.uri = "qemu:///system",
                                                        .client = "9.0.0",
                                                        .types = {{"kvm", false, "KVM is not supported", {}, {}}},
                                                        .domains = {{"u", "secret", 1, "running", 2}}}};
    host.security.images_on = "nfs4";
    host.qemu.version = std::optional<std::string>{"7.2"};
    host.network.tun = std::optional{node_shaped("character device 10:200", tun_minor)};
    host.network.vhost_net = std::optional{NamedNode{}};
    host.network.vhost_vsock = Error{ErrorCode::permission, "no"};
    host.network.has_vhost_net = true;
    return host;
}

TEST(Capture, ReadsBackWhatItWrote)
{
    const CaptureNotes notes{"0.1.0", "2026-11-24T03:40:00Z", false, {{"etc/group", EACCES}}};
    const auto text = write_capture(full_host(), notes);
    HostFacts host;
    ASSERT_TRUE(read_capture(text, host));
    EXPECT_EQ(write_capture(host, notes), text);
    EXPECT_EQ(unreadable_files(text), notes.unreadable);
    EXPECT_EQ(*host.resources.process, *full_host().resources.process);
    EXPECT_EQ((*host.kvm.capabilities)->missing.size(), 1U);
    EXPECT_EQ((*host.kvm.capabilities)->binary_stats, true);
    EXPECT_EQ((*host.kvm.create_vcpu)->errnum, ENOMEM);
    EXPECT_TRUE((*host.kvm.watchdog)->passed);
    EXPECT_EQ(*host.kvm.counters, 57U);
    EXPECT_EQ(*host.conflicts.kvm_users, *full_host().conflicts.kvm_users);
    EXPECT_EQ(*host.resources.device_lists, *full_host().resources.device_lists);
    EXPECT_EQ(*host.network.forward_policy, "drop");
    EXPECT_EQ(*host.kernel_settings.feature_control, 0x5U);
    EXPECT_TRUE(host.resources.looked);
    EXPECT_EQ((*host.kvm.create_vm)->errnum, EBUSY);
    EXPECT_FALSE(*host.kvm.run_real);
    EXPECT_EQ(host.kvm.run_long.error().code, ErrorCode::timeout);
    EXPECT_EQ(host.kvm.run_long.error().hint, "give it more");
    EXPECT_EQ((*host.kvm.node)->acl.size(), 1U);
    EXPECT_EQ((*host.container)->evidence, "/.dockerenv");
    EXPECT_FALSE(*host.confidential);
    EXPECT_EQ(host.kvm.built_in, (std::set<std::string>{"kvm", "kvm_intel"}));
    EXPECT_EQ((*host.kvm.udev)->seat_user, 1000U);
    EXPECT_EQ(host.libvirt.manager, ServiceManager::openrc);
    EXPECT_EQ((*host.libvirt.answers)->type("kvm")->problem, "KVM is not supported");
    EXPECT_TRUE((*host.libvirt.answers)->domains.empty());
    EXPECT_EQ((*host.network.tun)->state, NodeState::right);
    EXPECT_EQ((*host.network.vhost_net)->state, NodeState::missing);
    EXPECT_FALSE(host.network.vhost_vsock);
    EXPECT_EQ((*host.cpuid)->leaves.front().edx, 0xffffffffU);
}

TEST(Capture, KeepsWhatStandsInThePlaceOfTheDevice)
{
    for (const auto& node : {DeviceNode{NodeKind::not_a_device, "plain file of 5 bytes", 0644},
                             DeviceNode{NodeKind::other_device, "character device 1:3", 0666},
                             DeviceNode{NodeKind::other_device, "block device 10:232", 0600}}) {
        HostFacts host;
        host.kvm.node = std::optional{node};
        HostFacts again;
        ASSERT_TRUE(read_capture(write_capture(host, {}), again));
        EXPECT_EQ((*again.kvm.node)->kind, node.kind) << node.shape;
        EXPECT_EQ((*again.kvm.node)->shape, node.shape);
    }
}

TEST(Capture, LeavesToTheFilesWhatItDoesNotMention)
{
    HostFacts host;
    host.container = std::optional{ContainerFacts{"podman", "/run/.containerenv"}};
    host.kvm.built_in = {"kvm"};
    ASSERT_TRUE(read_capture(R"({"schema": "kvmkit.capture/1", "kvm": {}})", host));
    EXPECT_EQ((*host.container)->type, "podman");
    EXPECT_EQ(host.kvm.built_in, std::set<std::string>{"kvm"});
    ASSERT_TRUE(read_capture(R"({"schema": "kvmkit.capture/1", "container": null, "kvm": {"built_in": []}})", host));
    EXPECT_FALSE(*host.container);
    EXPECT_TRUE(host.kvm.built_in.empty());
}

TEST(Capture, RefusesWhatIsNoCapture)
{
    for (const auto* text : {"",
                             "[]",
                             "{}",
                             "7",
                             R"({"schema": "kvmkit.capture/2", "kvm": {}})",
                             R"({"schema": "kvmkit.capture/1"})",
                             R"({"schema": "kvmkit.capture/1", "kvm": {"open": 7}})",
                             R"({"schema": "kvmkit.capture/1", "kvm": {"speed": {"kernel_ns": "x"}}})"}) {
        HostFacts host;
        const auto read = read_capture(text, host);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().message.rfind("cannot read capture.json: ", 0), 0U);
        EXPECT_EQ(read.error().message.find("json.exception"), std::string::npos) << read.error().message;
    }
}

TEST(Capture, LeavesWhatOlderRecordingsDoNotHold)
{
    HostFacts host;
    host.network.tun = std::optional{NamedNode{NodeState::wrong, "plain file"}};
    host.libvirt.manager = ServiceManager::systemd;
    ASSERT_TRUE(read_capture(R"({"schema": "kvmkit.capture/1", "kvm": {}})", host));
    EXPECT_EQ((*host.network.tun)->shape, "plain file");
    EXPECT_EQ(host.libvirt.manager, ServiceManager::systemd);
}

/// The key's name stands in the message.
TEST(Capture, RefusesValuesThatCannotBe)
{
    struct Row {
        const char* key;
        const char* member;
    };
    for (const auto& [key, member] :
         {Row{"'uid'", R"("user": {"name": "a", "uid": -1, "gids": []})"},
          Row{"'uid'", R"("user": {"name": "a", "uid": 4294967296, "gids": []})"},
          Row{"'uid'", R"("user": {"name": "a", "uid": 1.5, "gids": []})"},
          Row{"'gids'", R"("user": {"name": "a", "uid": 1, "gids": [99999999999]})"},
          Row{"'leaves'", R"("cpuid": {"vmx": true, "svm": false, "hypervisor": false, "signature": "",
                             "leaves": [["0x1", "0", "zz", "0", "0", "0"]]})"},
          Row{"'manager'", R"("libvirt": {"manager": "upstart"})"},
          Row{"'range'", R"("libvirt": {"default_network": {"bridge": "b", "range": "192.168.122.1/24"}})"},
          Row{"'version'", R"("libvirt": {"version": "new"})"},
          Row{"'version'", R"("qemu": {"version": "7"})"},
          Row{"'value'", R"("libvirt": {"connect": {"value": 99999999999, "errno": null}})"}}) {
        HostFacts host;
        const auto text = std::string{R"({"schema": "kvmkit.capture/1", "kvm": {}, )"} + member + "}";
        const auto read = read_capture(text, host);
        ASSERT_FALSE(read) << member;
        EXPECT_NE(read.error().message.find(key), std::string::npos) << read.error().message;
    }
    for (const auto& [key, member] :
         {Row{"'mode'", R"("udev": {"mode": "0999", "group": null, "seat_user": null})"},
          Row{"'mode'", R"("udev": {"mode": "70000", "group": null, "seat_user": null})"},
          Row{"'took_us'", R"("run_real": {"passed": true, "detail": null, "took_us": -5})"},
          Row{"'kernel_ns'", R"("exit_cost": {"kernel_ns": -1, "user_ns": null})"},
          Row{"'host_ns'", R"("speed": {"kernel_ns": 1, "user_ns": null, "host_ns": 1e300})"},
          Row{"'user_ns'", R"("exit_cost": {"kernel_ns": 1, "user_ns": 86400000000001})"},
          Row{"'state_size'", R"("offer": {"vmx": true, "svm": true, "nested_paging": true,
                                                            "state_size": 3000000000})"}}) {
        HostFacts host;
        const auto text = std::string{R"({"schema": "kvmkit.capture/1", "kvm": {)"} + member + "}}";
        const auto read = read_capture(text, host);
        ASSERT_FALSE(read) << member;
        EXPECT_NE(read.error().message.find(key), std::string::npos) << read.error().message;
    }
}

}  // namespace
}  // namespace kvmkit
