// SPDX-License-Identifier: Apache-2.0
#include "report/kvm_ok.hpp"
#include "report/markdown.hpp"
#include "report/nagios.hpp"
#include "report/phrases.hpp"
#include "report/prometheus.hpp"
#include "report/text.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

Finding finding(std::string_view id, Verdict verdict)
{
    return {{id, "title", Severity::essential, {}, nullptr}, std::move(verdict), ""};
}

bool holds(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

Report emulating()
{
    Report report;
    report.arch = "x86_64";
    report.model = "Odd \"CPU\" \\ with | and\nmore \xff";
    report.cpu_known = true;
    report.device_there = true;
    report.summary = {Readiness::degraded, KvmState::emulated};
    report.recommendation = {Accel::tcg, "max", "it emulates"};
    report.findings = {
        finding("kvm.api", pass("fine")),
        finding("kvm.guest_speed", fail("slow | slower\nslowest", Remedy{"use ```TCG```", {"a `b` | c"}}))};
    report.measures = {{"guest_slowdown", "Help.", 2353.5, "ratio", 20}, {"host_loop", "Help.", 5e-10, "seconds"}};
    return report;
}

TEST(Nagios, KeepsItsTextOnOneLineAndFreeOfBars)
{
    EXPECT_EQ(to_nagios(emulating()),
              "KVM WARNING - DEGRADED: KVM opens, but runs guests by emulation only: use TCG; kvm.guest_speed fail: "
              "slow / slower "
              "slowest | guest_slowdown=2353.5;20;;0 host_loop=0.0000000005s;;;0\n");
}

TEST(Nagios, HasNoBarWithoutMeasurements)
{
    Report report = emulating();
    report.measures.clear();
    EXPECT_EQ(to_nagios(report).find('|'), std::string::npos);
    EXPECT_EQ(nagios_error("cannot | do\nit"), "KVM UNKNOWN - cannot / do it\n");
}

TEST(Nagios, MapsTheFourVerdictsToItsFourStates)
{
    EXPECT_EQ(nagios_state(Readiness::ready), NagiosState::ok);
    EXPECT_EQ(nagios_state(Readiness::degraded), NagiosState::warning);
    EXPECT_EQ(nagios_state(Readiness::unusable), NagiosState::critical);
    EXPECT_EQ(nagios_state(Readiness::unknown), NagiosState::unknown);
}

TEST(Prometheus, EscapesLabels)
{
    EXPECT_TRUE(holds(to_prometheus(emulating()), R"(cpu="Odd \"CPU\" \\ with | and more ?")"));
}

TEST(Prometheus, LeavesOutWhatWasNotMeasured)
{
    Report report = emulating();
    EXPECT_TRUE(holds(to_prometheus(report), "kvmkit_guest_slowdown_ratio 2353.5\n"));
    report.measures.clear();
    EXPECT_FALSE(holds(to_prometheus(report), "slowdown"));
}

TEST(Markdown, EscapesCellsAndFences)
{
    const auto text = to_markdown(emulating(), "1.0");
    EXPECT_TRUE(holds(text, "| `kvm.guest_speed` | fail | slow \\| slower slowest |\n"));
    EXPECT_TRUE(holds(text, "use \\`\\`\\`TCG\\`\\`\\`"));
    EXPECT_TRUE(holds(text, "```sh\na `b` | c\n```\n"));
    Report nasty = emulating();
    nasty.findings[1].verdict.remedy->commands = {"```"};
    EXPECT_TRUE(holds(to_markdown(nasty, "1.0"), "````sh\n```\n````\n"));
}

TEST(KvmOk, DecidesByTheRecommendation)
{
    Report report = emulating();
    EXPECT_EQ(to_kvm_ok(report),
              "INFO: /dev/kvm exists\nINFO: slow | slower slowest\nHINT:   a `b` | c\n"
              "KVM acceleration can NOT be used\n");
    report.recommendation.accel = Accel::kvm;
    EXPECT_EQ(to_kvm_ok(report), "INFO: /dev/kvm exists\nKVM acceleration can be used\n");
}

TEST(KvmOk, TellsAMissingExtensionFromOneThatIsSwitchedOff)
{
    Report report = emulating();
    report.findings = {finding("cpu.virt_ext", fail("hidden", Remedy{"switch it on", {}, Where::firmware}))};
    report.vendor = "AuthenticAMD";
    EXPECT_TRUE(to_kvm_ok(report).starts_with("INFO: KVM (svm) is disabled by your BIOS\nHINT: Enter your BIOS"));
    report.findings = {finding("cpu.virt_ext", fail("none", std::nullopt))};
    EXPECT_TRUE(to_kvm_ok(report).starts_with("INFO: Your CPU does not support KVM extensions\n"));
}

TEST(Phrases, OneLineIsValidUtf8)
{
    EXPECT_EQ(one_line("a\tb\x1b[0m\n"), "a b [0m ");
    EXPECT_EQ(one_line("Gr\xc3\xb6\xc3\x9f"), "Gr\xc3\xb6\xc3\x9f");
    EXPECT_EQ(one_line("\xc3"), "?");
    EXPECT_EQ(one_line("\xe2\x82"), "??");
    EXPECT_EQ(one_line("\xf0\x9f\x98\x80\x80"), "\xf0\x9f\x98\x80?");
}

TEST(Text, SaysWhatTheVerdictIsAbout)
{
    Report report = emulating();
    report.catalogue_size = 12;
    EXPECT_FALSE(holds(to_text(report, Detail::problems, Paint::plain), "judged by"));
    report.selection = {.only = {"kvm.api"}, .strict = true};
    EXPECT_TRUE(
        holds(to_text(report, Detail::problems, Paint::plain), "\njudged by 2 of 12 checks, strictly: degraded\n"));
}

}  // namespace
}  // namespace kvmkit
