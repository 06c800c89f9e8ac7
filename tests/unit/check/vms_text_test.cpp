// SPDX-License-Identifier: Apache-2.0
#include "report/vms_text.hpp"
#include "base/text.hpp"
#include "report/vms_json.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

/// A VM whose owner chose its names with care.
RunningVms hostile()
{
    RunningVm vm;
    vm.pid = 4194304;
    vm.command.name = "\x1b[2J\x1b]0;owned\x07" + std::string(200, 'x') + "\xff\xfe";
    vm.accelerator = std::string(100, 'y') + "\n";
    vm.vcpus = 1;
    VmThread thread;
    thread.tid = 4194303;
    thread.name = "CPU 0/\x1b[0m";
    thread.role = VmThread::Role::vcpu;
    thread.vcpu = 4294967295U;
    std::string scattered = "0";
    for (int cpu = 2; cpu < 4096; cpu += 2) {
        scattered += "," + std::to_string(cpu);
    }
    thread.allowed = CpuSet::parse(scattered);
    vm.threads = std::vector{thread};
    RunningVms running;
    running.vms = {vm};
    running.online = CpuSet::parse("0-4095");
    running.memory = MemoryFacts{.total = Bytes::mib(1), .available = {}, .huge_page_pool = {}};
    running.unreadable = 3;
    return running;
}

TEST(VmsText, StaysNarrowAndHarmless)
{
    VmLoad load{.span = VmLoad::Span::interval, .interval = std::chrono::seconds{1}, .of_thread = {{4194303, {1, 1}}}};
    const auto text = to_text(make_report(hostile(), load), Paint::plain);
    for (const auto line : lines(text)) {
        EXPECT_LE(line.size(), 80U) << line;
    }
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
    EXPECT_NE(text.find("3 processes may not be looked at"), std::string::npos) << text;
}

TEST(VmsText, CutsNoLetterInHalfAndKeepsForeignOnes)
{
    auto running = hostile();
    running.vms[0].command.name = "Größe";
    EXPECT_NE(to_text(make_report(running, {}), Paint::plain).find("'Größe'"), std::string::npos);
    running.vms[0].command.name = std::string(15, 'a') + "ößß";
    EXPECT_NE(to_text(make_report(running, {}), Paint::plain).find("'" + std::string(15, 'a') + "..'"),
              std::string::npos);
    running.vms[0].command.name =
        "\xc2\x9b"
        "2J";  // C1: a control sequence in one letter
    EXPECT_EQ(to_text(make_report(running, {}), Paint::plain).find("\xc2\x9b"), std::string::npos);
}

TEST(VmsText, NamesLibvirtsVmWhereItIsKnown)
{
    auto running = hostile();
    EXPECT_TRUE(to_json(make_report(running, {}))["vms"][0]["libvirt"].is_null());
    running.vms[0].libvirt = LibvirtDomain{.uuid = "u", .name = "web\x1b[2J", .id = 3, .state = "running"};
    const auto text = to_text(make_report(running, {}), Paint::plain);
    EXPECT_NE(text.find("  libvirt calls it 'web"), std::string::npos) << text;
    EXPECT_NE(text.find("', id 3\n"), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(to_json(make_report(running, {}))["vms"][0]["libvirt"]["state"], "running");
}

TEST(VmsText, SaysThatNoVmRuns)
{
    EXPECT_EQ(to_text(make_report(RunningVms{}, {}), Paint::plain), "no VM runs on this host\n");
}

TEST(VmsText, SaysWhyThreadsAreMissing)
{
    auto running = hostile();
    running.vms[0].threads = Error{ErrorCode::permission, "cannot list '/proc/1/task': Permission denied"};
    const auto report = make_report(running, {});
    EXPECT_NE(to_text(report, Paint::plain).find("cannot list '/proc/1/task'"), std::string::npos);
    EXPECT_TRUE(to_json(report)["vms"][0]["threads"].is_null());
    EXPECT_EQ(to_json(report)["vms"][0]["problem"], "cannot list '/proc/1/task': Permission denied");
}

}  // namespace
}  // namespace kvmkit
