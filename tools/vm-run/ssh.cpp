// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"
#include "base/unique_fd.hpp"
#include "commands.hpp"
#include "find_address.hpp"
#include "system/files.hpp"
#include "system/signals.hpp"
#include "virt/launch/plan.hpp"
#include "virt/libvirt/guest_exec.hpp"
#include "virt/libvirt/lifecycle.hpp"
#include "virt/seed/ssh_files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {
namespace {

constexpr std::size_t most_known_hosts = 4096;
constexpr std::size_t most_config = 65536;
/// A running guest may be quiet for some seconds.
constexpr std::chrono::seconds patience_with_addresses{5};

Result<virt::DomainSummary> check_runs(const virt::Domain& domain, const std::string& name)
{
    const auto active = domain.active();
    const auto xml = domain.xml();
    if (!active || !xml) {
        return !active ? active.error() : xml.error();
    }
    if (!*active) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot call VM '{}': it does not run", name),
                     "start it: vm-run start " + name};
    }
    return virt::summarize(*xml);
}

/// The folder tells of the last VM of that name on this host; its UUID tells whether that is this one.
Result<virt::SeedPaths> seed_of(const virt::DomainSummary& summary)
{
    const Error none{ErrorCode::not_found,
                     fmt::format("cannot log in to VM '{}': it was launched without a cloud-init seed, so that neither "
                                 "its user nor its host key is known",
                                 summary.name),
                     "use ssh itself if you know a user: ssh USER@ADDRESS"};
    const auto name = virt::VmName::parse(summary.name);
    if (!summary.ours() || !name) {
        return none;
    }
    virt::SeedPaths paths{virt::vm_folder(txn::default_places(), *name)};
    const UniqueFd fd{::open(paths.known_hosts().c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) {
        return errno == ENOENT ? none
                               : errno_error(errno, fmt::format("cannot open '{}'", paths.known_hosts().string()));
    }
    const auto known = read_all(fd.get(), paths.known_hosts().string(), most_known_hosts);
    if (!known) {
        return known.error();
    }
    return known->starts_with(summary.uuid) ? Result<virt::SeedPaths>{paths} : none;
}

/// A VM that runs, with the connection that it hangs on.
struct Callee {
    std::unique_ptr<Host> host;
    virt::Domain domain;
    virt::DomainSummary summary;
};

Result<Callee> find_callee(const cli::Arguments& arguments)
{
    auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const std::string& name = arguments.operands().front();
    auto domain = (*host)->domain(name);
    if (!domain) {
        return domain.error();
    }
    auto summary = check_runs(*domain, name);
    if (!summary) {
        return summary.error();
    }
    return Callee{std::move(*host), std::move(*domain), std::move(*summary)};
}

Result<std::vector<std::string>> login_command(Callee callee, const std::vector<std::string>& command)
{
    const std::string& name = callee.summary.name;
    const auto paths = seed_of(callee.summary);
    if (!paths) {
        return paths.error();
    }
    const auto address = address_of(*callee.host, std::move(callee.domain), patience_with_addresses);
    if (!address) {
        Error error = address.error();
        error.message = fmt::format("cannot call VM '{}': {}", name, error.message);
        if (error.code == ErrorCode::timeout) {
            error.hint = fmt::format("it may not have booted yet: vm-run wait {}", name);
        }
        return error;
    }
    return virt::ssh_command(*paths, name, {address->ip, address->ssh_port}, command);
}

/// ssh takes the place of this process: terminal, signals and exit status are its own.
Error become(std::vector<std::string> argv)
{
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (auto& word : argv) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    (void)::execvp(words[0], words.data());
    return errno_error(errno, "cannot run 'ssh'", "install it: apt-get install openssh-client");
}

Result<cli::ExitCode> log_in(Callee callee, const std::vector<std::string>& command)
{
    auto argv = login_command(std::move(callee), command);
    if (!argv) {
        return argv.error();
    }
    return become(std::move(*argv));
}

/// Each word as the guest's shell takes it back.
std::vector<std::string> quoted(const std::vector<std::string>& words)
{
    std::vector<std::string> command;
    command.reserve(words.size());
    std::ranges::transform(words, std::back_inserter(command), shell_word);
    return command;
}

/// The user whom ssh would log in as, by a login shell of his; without a seed, what the agent is: root.
Result<std::vector<std::string>> agent_command(const virt::DomainSummary& summary,
                                               const std::vector<std::string>& words)
{
    const auto paths = seed_of(summary);
    if (!paths) {
        return paths.error().code == ErrorCode::not_found ? Result<std::vector<std::string>>{words} : paths.error();
    }
    const std::string path = paths->ssh_config().string();
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    const auto config = fd ? read_all(fd.get(), path, most_config)
                           : Result<std::string>{errno_error(errno, fmt::format("cannot open '{}'", path))};
    if (!config) {
        return config.error();
    }
    const auto user = virt::user_in_ssh_config(*config);
    return user ? std::vector<std::string>{"runuser",
                                           "-l",
                                           *user,
                                           "-c",
                                           fmt::format("{}", fmt::join(quoted(words), " "))}
                : words;
}

/// The agent does not tell when a program ends.
Result<virt::GuestExit> await_end(const virt::GuestProgram& program)
{
    constexpr std::chrono::milliseconds first{10};
    constexpr std::chrono::milliseconds longest{250};
    auto signals = SignalWatch::open();
    if (!signals) {
        return signals.error();
    }
    for (auto pause = first;; pause = std::min(pause * 2, longest)) {
        auto ended = program.ended();
        if (!ended) {
            return ended.error();
        }
        if (*ended) {
            return std::move(**ended);
        }
        pollfd wait{signals->fd(), POLLIN, 0};
        (void)::poll(&wait, 1, static_cast<int>(pause.count()));
        if (signals->caught()) {
            return Error{ErrorCode::interrupted, "interrupted; the program in the guest goes on"};
        }
    }
}

/// What a program of the agent's printed and how it ended is what we print and how we end.
cli::ExitCode show(const virt::GuestExit& end, const cli::Console& console)
{
    console.out << end.out << std::flush;
    console.err << end.err << std::flush;
    if (end.cut) {
        console.warn("the program printed more than the guest agent keeps; use --via ssh");
    }
    return static_cast<cli::ExitCode>(end.status);
}

/// Started by the agent; unsupported, or not_found for the shell of the guest's user, tells why it was not.
Result<virt::GuestProgram> start_by_agent(const Callee& callee, const std::vector<std::string>& words)
{
    const auto xml = callee.domain.xml();
    const auto connected = xml ? virt::agent_connected_in(*xml) : std::nullopt;
    if (!connected.value_or(false)) {
        return Error{
            ErrorCode::unsupported,
            fmt::format("no guest agent answers in VM '{}'", callee.summary.name),
            "install it in the guest: apt-get install qemu-guest-agent; or launch the VM with a cloud-init seed "
            "and go by ssh"};
    }
    const auto command = agent_command(callee.summary, words);
    return command ? virt::GuestProgram::start(callee.domain, *command) : command.error();
}

/// By ssh what can be called so: the agent hands over no standard input, and output only at the end.
bool goes_by_agent(const std::string& via, const virt::DomainSummary& summary)
{
    if (via != "auto") {
        return via == "agent";
    }
    const auto paths = seed_of(summary);
    return !paths && paths.error().code == ErrorCode::not_found;
}

/// The agent hangs up a moment before libvirt knows that its VM is gone.
bool has_ended(const Callee& callee)
{
    constexpr int patience_ms = 3000;
    const auto watch = virt::LifecycleWatch::open(callee.host->connection(), callee.domain);
    if (!watch || !callee.domain.active().value_or(false)) {
        return true;
    }
    pollfd wait{watch->fd(), POLLIN, 0};
    return ::poll(&wait, 1, patience_ms) == 1 && watch->ending().has_value();
}

Result<void> check_via(const std::string& via)
{
    const bool known = via == "auto" || via == "agent" || via == "ssh";
    return known
               ? Result<void>{}
               : Error{ErrorCode::usage, fmt::format("'{}' is no way into a VM", via), "use --via auto, agent or ssh"};
}

}  // namespace

void declare_ssh(cli::po::options_description_easy_init add)
{
    declare_connect(add);
}

Result<cli::ExitCode> run_ssh(const cli::Arguments& arguments, cli::Console& /*console*/)
{
    auto callee = find_callee(arguments);
    if (!callee) {
        return callee.error();
    }
    const auto& operands = arguments.operands();
    return log_in(std::move(*callee), {operands.begin() + 1, operands.end()});
}

void declare_exec(cli::po::options_description_easy_init add)
{
    add("via",
        cli::po::value<std::string>()->value_name("auto|ssh|agent")->default_value("auto"),
        "auto: ssh into a VM with a seed, QEMU's guest agent in others; the agent needs no network, but hands over no "
        "standard input, and output only at the end");
    declare_connect(add);
}

/// Each word reaches the program as it is.
Result<cli::ExitCode> run_exec(const cli::Arguments& arguments, cli::Console& console)
{
    const std::string via = arguments.text("via");
    const auto known = check_via(via);
    auto callee = known ? find_callee(arguments) : Result<Callee>{known.error()};
    if (!callee) {
        return callee.error();
    }
    const std::vector<std::string> words{arguments.operands().begin() + 1, arguments.operands().end()};
    if (!goes_by_agent(via, callee->summary)) {
        return log_in(std::move(*callee), quoted(words));
    }
    const auto program = start_by_agent(*callee, words);
    if (!program) {
        return program.error();
    }
    const auto end = await_end(*program);
    if (!end && has_ended(*callee)) {
        console.warn(fmt::format("VM '{}' ended while the program ran", callee->summary.name));
        return cli::ExitCode::guest_ended;
    }
    return end ? Result<cli::ExitCode>{show(*end, console)} : end.error();
}

}  // namespace kvmkit::vm_run
