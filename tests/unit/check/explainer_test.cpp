// SPDX-License-Identifier: Apache-2.0
#include "check/explain/explainer.hpp"
#include "check/explain/msr.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvmkit {
namespace {

LogReport explain(std::string_view log)
{
    Explainer explainer;
    explainer.feed(log);
    return explainer.finish();
}

std::vector<std::string> symptoms(const LogReport& report)
{
    std::vector<std::string> ids;
    for (const Explanation& explanation : report.explanations) {
        ids.push_back(explanation.symptom);
    }
    return ids;
}

Captures captures_of(std::string_view pattern, std::string_view text)
{
    Captures captures;
    EXPECT_EQ(match_here(pattern, text, captures), Match::yes) << pattern << " / " << text;
    return captures;
}

TEST(Pattern, CatchesWordsAndPassesOverWhatAStarStandsFor)
{
    EXPECT_EQ(caught(captures_of("insert '{module}': *error", "insert 'kvm_intel': Input/output error"), "module"),
              "kvm_intel");
    EXPECT_EQ(caught(captures_of("ab*cd*{x}!", "ab cd cd 7!"), "x"), "7");
    EXPECT_EQ(caught(captures_of("features: {x}", "features: hle, rtm"), "x"), "hle");
    EXPECT_EQ(caught(captures_of("module {x}", "module kvm_amd."), "x"), "kvm_amd");
}

TEST(Pattern, DoesNotCareForCase)
{
    Captures captures;
    EXPECT_EQ(match_here("Disabled by BIOS", "disabled by bios", captures), Match::yes);
}

TEST(Pattern, KnowsTheEndOfALine)
{
    Captures captures;
    EXPECT_EQ(match_here("on Xen$", "on Xen \r", captures), Match::yes);
    EXPECT_EQ(match_here("on Xen$", "on Xen HVM", captures), Match::no);
}

/// A word that is caught ends up in commands that people copy.
TEST(Pattern, CatchesNothingThatAShellWouldObey)
{
    Captures captures;
    EXPECT_EQ(match_here("set '{x}'", "set 'a;reboot'", captures), Match::no);
    EXPECT_EQ(match_here("set '{x}'", "set '$(reboot)'", captures), Match::no);
    EXPECT_EQ(match_here("set '{x}'", "set '-rf'", captures), Match::no);
    EXPECT_EQ(match_here("set {x}", "set " + std::string(100, 'a'), captures), Match::no);
}

TEST(Pattern, TellsWhereTryingOnIsOfNoUse)
{
    Captures captures;
    EXPECT_EQ(match_here("abcd*efgh", "abcd e f g h", captures), Match::never);
    EXPECT_EQ(match_here("abcdx*efgh", "abcd e f g h", captures), Match::no);
}

TEST(Pattern, FillsInWhatWasCaught)
{
    EXPECT_EQ(fill_in("modprobe -r {module} {other}", {{"module", "kvm_amd"}}), "modprobe -r kvm_amd {other}");
    EXPECT_EQ(fill_in("{", {}), "{");
    EXPECT_EQ(fill_in("a{b", {{"b", "1"}}), "a{b");
}

TEST(Pattern, IsWellFormedOnlyWithAPlainBeginning)
{
    EXPECT_TRUE(is_well_formed("abcd{x}*e$"));
    EXPECT_FALSE(is_well_formed("abc"));
    EXPECT_FALSE(is_well_formed("abc*defg"));
    EXPECT_FALSE(is_well_formed("abcd{x"));
    EXPECT_FALSE(is_well_formed("abcd}"));
    EXPECT_FALSE(is_well_formed("abcd$e"));
}

TEST(Explainer, TellsTheRootFirstAndWhatFollowsFromIt)
{
    const auto report = explain(
        "Could not access KVM kernel module: No such file or directory\n"
        "modprobe: ERROR: could not insert 'kvm_intel': Operation not supported\n"
        "[    0.1] x86/cpu: VMX (outside TXT) disabled by BIOS\n");
    ASSERT_EQ(symptoms(report), (std::vector<std::string>{"S2", "S4", "S1"}));
    EXPECT_EQ(report.explanations[0].because, "");
    EXPECT_EQ(report.explanations[0].remedy.where, Where::firmware);
    EXPECT_EQ(report.explanations[0].line, 3U);
    EXPECT_EQ(report.explanations[1].because, "S2");
    EXPECT_EQ(report.explanations[2].because, "S2");
    EXPECT_EQ(report.explanations[2].check, "kvm.device");
}

TEST(Explainer, WhatFollowsFromNothingIsTheRoot)
{
    const auto report = explain("Could not access KVM kernel module: No such file or directory\n");
    ASSERT_EQ(symptoms(report), std::vector<std::string>{"S1"});
    EXPECT_EQ(report.explanations.front().because, "");
    EXPECT_EQ(report.explanations.front().remedy.commands.front(), "modprobe kvm_intel || modprobe kvm_amd");
}

TEST(Explainer, AComfortIsNobodysRoot)
{
    const auto report =
        explain("Bridge firewalling registered\ninvalid argument: could not find capabilities for domaintype=kvm\n");
    ASSERT_EQ(symptoms(report), (std::vector<std::string>{"S13", "S23"}));
    EXPECT_EQ(report.explanations.front().because, "");
}

TEST(Explainer, CountsLinesAndNamesTheFirst)
{
    const auto report = explain("x\nkvm: disabled by bios\ny\nkvm: disabled by bios\nkvm: disabled by bios");
    ASSERT_EQ(report.explanations.size(), 1U);
    EXPECT_EQ(report.explanations.front().count, 3U);
    EXPECT_EQ(report.explanations.front().line, 2U);
    EXPECT_EQ(report.lines, 5U);
}

TEST(Explainer, FindsTheSameHoweverTheBytesCome)
{
    constexpr std::string_view log = "a\r\n\nerror: failed to set MSR 0x10a to 0x69\r\nkvm: disabled by bios";
    const auto whole = explain(log);
    for (std::size_t size = 1; size < 9; ++size) {
        Explainer explainer;
        for (std::size_t at = 0; at < log.size(); at += size) {
            explainer.feed(log.substr(at, size));
        }
        const auto pieces = explainer.finish();
        EXPECT_EQ(symptoms(pieces), symptoms(whole));
        EXPECT_EQ(pieces.lines, 4U);
        EXPECT_EQ(pieces.explanations.back().line, 3U);
    }
}

TEST(Explainer, TheRegisterDecidesWhichFeatureIsLeftOut)
{
    const auto report = explain(
        "qemu-system-x86_64: error: failed to set MSR 0x10a to 0x400000000c000069\n"
        "qemu-system-x86_64: error: failed to set MSR 0x38d to 0x0\n"
        "qemu-system-x86_64: error: failed to set MSR 0x38d to 0x1\n"
        "qemu-system-x86_64: error: failed to set MSR 0x12345 to 0x1\n"
        "kvm.c:2: kvm_buf_set_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed.\n");
    ASSERT_EQ(report.explanations.size(), 4U);
    EXPECT_EQ(report.explanations[0].remedy.commands,
              std::vector<std::string>{"qemu-system-x86_64 -accel kvm -cpu host,-arch-capabilities"});
    EXPECT_NE(report.explanations[0].remedy.summary.find("<feature policy='disable' name='arch-capabilities'/>"),
              std::string::npos);
    EXPECT_EQ(report.explanations[1].remedy.commands,
              std::vector<std::string>{"qemu-system-x86_64 -accel kvm -cpu host,pmu=off"});
    EXPECT_EQ(report.explanations[1].count, 2U);
    EXPECT_NE(report.explanations[2].cause.find("0x12345"), std::string::npos);
    EXPECT_EQ(report.explanations[3].because, "S12");
}

TEST(Explainer, TheLogItselfTellsWhoseJobItIs)
{
    constexpr std::string_view line = "kvm: no hardware support\n";
    EXPECT_EQ(explain(line).explanations.front().remedy.where, Where::firmware);
    const auto in_guest = explain(fmt::format("{}[    0.0] Hypervisor detected: KVM\n", line));
    EXPECT_EQ(in_guest.explanations.front().remedy.where, Where::hypervisor);
    const auto in_cloud = explain(fmt::format(
        "[    0.0] DMI: Amazon EC2 t3.micro/, BIOS 1.0 10/16/2017\n[    0.0] Hypervisor detected: KVM\n{}", line));
    EXPECT_EQ(in_cloud.explanations.front().remedy.where, Where::cloud_console);
}

TEST(Explainer, ReadsColouredAndWideLogs)
{
    EXPECT_EQ(symptoms(explain("\x1b[32m[    0.1] \x1b[0m\x1b[33mkvm: \x1b[0mdisabled by bios\n")),
              std::vector<std::string>{"S2"});
    std::string wide;
    for (const char c : std::string_view{"wsl: Nested virtualization is not supported on this machine.\r\n"}) {
        wide += c;
        wide += '\0';
    }
    EXPECT_EQ(symptoms(explain(wide)), std::vector<std::string>{"S19"});
}

TEST(Explainer, ShowsNoByteThatATerminalObeys)
{
    const auto report =
        explain("\x1b]0;title\x07\x1b[2Jkvm: disabled by bios\x1b[31m \x9b\x85 \xc2\x9b \xe2\x80\xae \xff \b\a\n");
    ASSERT_EQ(report.explanations.size(), 1U);
    const auto& text = report.explanations.front().text;
    EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) << text;
    EXPECT_EQ(text, "kvm: disabled by bios ?? ? ? ? ??");
}

TEST(Explainer, LooksAtTheBeginningOfLongLinesOnly)
{
    const auto report = explain(std::string(Explainer::longest_line, 'x') +
                                "kvm: disabled by bios\nkvm: disabled by bios" + std::string(100'000, ' ') + "\nx\n");
    ASSERT_EQ(report.explanations.size(), 1U);
    EXPECT_EQ(report.explanations.front().line, 2U);
    EXPECT_EQ(report.cut_lines, 2U);
    EXPECT_EQ(report.lines, 3U);
    EXPECT_LT(report.explanations.front().text.size(), 300U);
}

TEST(Explainer, StaysSmallWhenEveryLineCatchesSomethingElse)
{
    Explainer explainer;
    for (int number = 0; number < 10'000; ++number) {
        explainer.feed(fmt::format("error: failed to set MSR 0x{:x} to 0x0\n", number));
    }
    const auto report = explainer.finish();
    EXPECT_LT(report.explanations.size(), 20U);
    std::size_t count = 0;
    for (const Explanation& explanation : report.explanations) {
        count += explanation.count;
    }
    EXPECT_EQ(count, 10'000U);
}

TEST(Explainer, TakesAnyBytes)
{
    std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same bytes every time
    std::uniform_int_distribution<int> byte{0, 255};
    std::string bytes(200'000, '\0');
    std::ranges::generate(bytes, [&] { return static_cast<char>(byte(random)); });
    EXPECT_TRUE(explain(bytes).explanations.empty());
}

/// Lines made so that every place of them begins a pattern that then fails at its far end.
TEST(Explainer, IsNotSlowedDownByHostileLines)
{
    std::string line;
    while (line.size() < Explainer::longest_line - 100) {
        line += "apparmor=\"DENIED\" host doesn't support requested feature: CPUID avc:  denied inserting kvm_x ";
    }
    line += '\n';
    Explainer explainer;
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < 100; ++round) {
        explainer.feed(line);
    }
    EXPECT_TRUE(explainer.finish().explanations.empty());
    // A search that began anew at each place would take minutes; sanitizers take a few seconds.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{60});
}

TEST(Msr, NumbersLeadToFeatures)
{
    EXPECT_EQ(parse_msr("0x48F"), 0x48FU);
    EXPECT_EQ(parse_msr("16"), 16U);
    EXPECT_EQ(parse_msr("0x"), std::nullopt);
    EXPECT_EQ(parse_msr("0x1ffffffff"), std::nullopt);
    EXPECT_EQ(parse_msr("kvm"), std::nullopt);
    for (const std::uint32_t vmx : {0x480U, 0x48DU, 0x48EU, 0x48FU, 0x491U}) {
        EXPECT_EQ(msr_feature(vmx)->switches, "-vmx");
    }
    EXPECT_EQ(msr_feature(0xE1)->switches, "-waitpkg");
    EXPECT_EQ(msr_feature(0x345)->switches, "-pdcm");
    EXPECT_EQ(msr_feature(0x186)->switches, "pmu=off");
    EXPECT_FALSE(msr_feature(0x12345));
}

TEST(Explainer, UnloadsNoModuleThatTheLogSaysIsBuiltIn)
{
    const std::string refused = "warning: host doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]\n";
    const auto loadable = explain(refused).explanations;
    ASSERT_EQ(loadable.size(), 1U);
    EXPECT_EQ(loadable.front().remedy.commands.size(), 2U);
    const auto built_in = explain(refused + "modprobe: FATAL: Module kvm_intel is builtin.\n").explanations;
    ASSERT_EQ(built_in.size(), 2U);
    for (const Explanation& explanation : built_in) {
        EXPECT_TRUE(explanation.remedy.commands.empty()) << explanation.cause;
    }
    EXPECT_NE(built_in.front().remedy.summary.find("put kvm_intel.nested=1 on its command line"), std::string::npos)
        << built_in.front().remedy.summary;
    const auto other = explain(refused + "modprobe: FATAL: Module kvm_amd is builtin.\n").explanations;
    EXPECT_EQ(other.front().remedy.commands.size(), 2U);
}

}  // namespace
}  // namespace kvmkit
