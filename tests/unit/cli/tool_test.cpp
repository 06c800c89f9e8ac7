// SPDX-License-Identifier: Apache-2.0
#include "cli/tool.hpp"

#include <sstream>

#include <gtest/gtest.h>

namespace kvmkit::cli {
namespace {

void declare_run(po::options_description_easy_init add)
{
    add("json", "one JSON record")("root", po::value<std::string>()->default_value("/"), "look below DIR")(
        "port", po::value<std::vector<std::string>>(), "a port");
}

Result<ExitCode> echo(const Arguments& arguments, Console& console)
{
    console.out << "root=" << arguments.text("root");
    for (const auto& port : arguments.list("port")) {
        console.out << " port=" << port;
    }
    for (const auto& word : arguments.operands()) {
        console.out << " word=" << word;
    }
    console.out << '\n';
    return ExitCode::ok;
}

Result<ExitCode> break_down(const Arguments& /*arguments*/, Console& /*console*/)
{
    return Error{ErrorCode::locked, "another instance is at work", "wait"};
}

Result<ExitCode> throw_up(const Arguments& /*arguments*/, Console& /*console*/)
{
    throw std::bad_alloc{};
}

constexpr std::array commands{
    Command{"run", "judge this host", {}, declare_run, echo},
    Command{"bridge add", "make a bridge", {"BRIDGE", 1, 1}, declare_run, echo},
    Command{"bridge del", "remove a bridge", {"BRIDGE", 1, 1}, declare_run, echo},
    Command{"bridge vlan set", "set VLANs", {"PORT", 1, 1}, declare_run, echo},
    Command{"change", "change something", {}, declare_run, echo, Effect::changes},
    Command{"fail", "fail", {}, declare_run, break_down},
    Command{"ps", "is nearer to ls than list", {}, declare_run, echo},
    Command{"list", "show all", {}, declare_run, echo},
    Command{"throw", "throw", {}, declare_run, throw_up},
};
constexpr Tool tool{"kvm-test", "Tests the command line.", "run", commands};

struct Outcome {
    int status;
    std::string out;
    std::string err;
};

Outcome run(std::vector<const char*> words)
{
    words.insert(words.begin(), "kvm-test");
    std::ostringstream out;
    std::ostringstream err;
    const int status = run_tool(tool, static_cast<int>(words.size()), words.data(), Console{out, err});
    return {status, out.str(), err.str()};
}

TEST(CommandLine, RunsTheDefaultCommandWithItsOptions)
{
    EXPECT_EQ(run({}).out, "root=/\n");
    EXPECT_EQ(run({"--root", "/x"}).out, "root=/x\n");
    EXPECT_EQ(run({"run", "--root=/x"}).out, "root=/x\n");
}

TEST(CommandLine, TakesTwoWordCommandsOperandsAndRepeatedOptions)
{
    EXPECT_EQ(run({"bridge", "add", "br0", "--port", "a", "--port=b"}).out, "root=/ port=a port=b word=br0\n");
    EXPECT_EQ(run({"bridge", "add", "--port", "a", "br0"}).out, "root=/ port=a word=br0\n");
    EXPECT_EQ(run({"bridge", "vlan", "set", "br0"}).out, "root=/ word=br0\n");
}

TEST(CommandLine, TakesCommonSwitchesBeforeTheCommand)
{
    EXPECT_EQ(run({"-q", "bridge", "add", "br0"}).out, "root=/ word=br0\n");
    EXPECT_EQ(run({"--json", "--quiet"}).out, "root=/\n");
    EXPECT_EQ(run({"--json", "rnu"}).err, "kvm-test: unknown command 'rnu'\n  hint: did you mean 'run'?\n");
    EXPECT_EQ(run({"--root", "/x", "run"}).err, "kvm-test: unexpected word 'run'\n  hint: run 'kvm-test --help'\n");
}

TEST(CommandLine, RefusesWhatItDoesNotKnowAndSaysWhatWasMeant)
{
    const auto command = run({"rnu"});
    EXPECT_EQ(command.status, 2);
    EXPECT_EQ(command.err, "kvm-test: unknown command 'rnu'\n  hint: did you mean 'run'?\n");
    EXPECT_EQ(run({"bridge", "ad"}).err, "kvm-test: unknown command 'bridge ad'\n  hint: did you mean 'bridge add'?\n");
    EXPECT_EQ(run({"create"}).err, "kvm-test: unknown command 'create'\n  hint: run 'kvm-test --help'\n");
    EXPECT_EQ(run({"ls"}).err, "kvm-test: unknown command 'ls'\n  hint: did you mean 'list'?\n");
    EXPECT_EQ(run({"bridge"}).err, "kvm-test: 'bridge' needs a second word\n  hint: run 'kvm-test --help'\n");
    const auto option = run({"run", "--jsn"});
    EXPECT_EQ(option.status, 2);
    EXPECT_EQ(option.err, "kvm-test: unknown option '--jsn'\n  hint: did you mean '--json'?\n");
    EXPECT_EQ(option.out, "");
}

TEST(CommandLine, DoesNotGuessAbbreviations)
{
    EXPECT_EQ(run({"run", "--js"}).status, 2);
    EXPECT_EQ(run({"run", "--roo=/"}).status, 2);
}

TEST(CommandLine, CountsOperands)
{
    EXPECT_EQ(run({"bridge", "add"}).err,
              "kvm-test: 'kvm-test bridge add' needs BRIDGE\n  hint: run 'kvm-test --help'\n");
    EXPECT_EQ(run({"bridge", "add", "a", "b"}).err, "kvm-test: unexpected word 'b'\n  hint: run 'kvm-test --help'\n");
    EXPECT_EQ(run({"run", "--root"}).status, 2);
}

TEST(CommandLine, ShowsHelpAndVersionOnStandardOutput)
{
    EXPECT_NE(run({"--help"}).out.find("bridge add BRIDGE"), std::string::npos);
    EXPECT_NE(run({"bridge", "add", "--help"}).out.find("--port arg"), std::string::npos);
    EXPECT_EQ(run({"--version"}).out.rfind("kvm-test ", 0), 0U);
}

TEST(CommandLine, TurnsErrorsIntoExitCodesAndOneJsonRecord)
{
    const auto outcome = run({"fail", "--json"});
    EXPECT_EQ(outcome.status, 11);
    EXPECT_EQ(outcome.err, "kvm-test: another instance is at work\n  hint: wait\n");
    EXPECT_NE(outcome.out.find(R"("schema": "kvmkit.error/1")"), std::string::npos);
    EXPECT_NE(outcome.out.find(R"("exit": 11)"), std::string::npos);
    EXPECT_EQ(run({"throw"}).status, 3);
}

TEST(CommandLine, FailsWhereTheAnswerCannotBeWritten)
{
    std::ostringstream err;
    std::ostream broken{nullptr};
    const char* const words[] = {"kvm-test"};
    EXPECT_EQ(run_tool(tool, 1, words, Console{broken, err}), 3);
    EXPECT_EQ(err.str(), "kvm-test: cannot write standard output\n");

    err.str("");
    const char* const change[] = {"kvm-test", "change"};
    EXPECT_EQ(run_tool(tool, 2, change, Console{broken, err}), 4);
    EXPECT_EQ(err.str(), "kvm-test: cannot write standard output; the command itself was carried out\n");
}

}  // namespace
}  // namespace kvmkit::cli
