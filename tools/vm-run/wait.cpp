// SPDX-License-Identifier: Apache-2.0
#include "address_record.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "names.hpp"
#include "readiness.hpp"
#include "several.hpp"
#include "system/signals.hpp"
#include "virt/launch/plan.hpp"
#include "virt/launch/session.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

/// Everything that a wait of a VM that runs already needs, in the order in which it must go again.
struct Watched {
    SignalWatch signals;
    virt::LifecycleWatch lifecycle;
    std::unique_ptr<virt::Console> console = nullptr;
    std::unique_ptr<Readiness> readiness = nullptr;
};

/// Never seen: only the VM's end, or the deadline, ends the wait.
class NeverSign final : public virt::Sign {
public:
    bool reached() override { return false; }
};

struct Ending {
    virt::Event event = virt::Event::timed_out;
    std::vector<std::string> evidence = {};
    std::optional<virt::Address> address = std::nullopt;
    virt::Ending how = virt::Ending::destroyed;  ///< Of a VM that ended.
};

/// What waits of one command share.
struct Order {
    Wait wait;
    Deadline deadline;
    const Root& root;
    const SignalWatch& signals;
};

/// One VM that is waited for.
struct Waiting {
    std::string name;
    Result<Ending> ending = Ending{};
};

/// Only boot and cloud-init are heard on the console, which one alone can have.
Result<Watched> watch(const virt::Connection& connection,
                      const virt::Domain& domain,
                      const Order& order,
                      Runner& runner)
{
    const Wait wait = order.wait;
    UniqueFd raised{::fcntl(order.signals.fd(), F_DUPFD_CLOEXEC, 0)};  // nobody reads it: all that wait are woken
    if (!raised) {
        return errno_error(errno, "cannot wait");
    }
    auto lifecycle = virt::LifecycleWatch::open(connection, domain);
    if (!lifecycle) {
        return lifecycle.error();
    }
    Watched watched{SignalWatch::relay(std::move(raised)), std::move(*lifecycle)};
    if (wait == Wait::boot || wait == Wait::cloud_init) {
        auto console = virt::open_console(connection, domain);
        if (!console) {
            return console.error();
        }
        watched.console = std::move(*console);
    }
    if (wait == Wait::boot || wait == Wait::off) {
        return watched;
    }
    const auto name = virt::VmName::parse(domain.name().value_or(""));
    auto readiness = Readiness::watch(wait,
                                      {connection,
                                       domain,
                                       order.root,
                                       runner,
                                       name ? virt::vm_folder(txn::default_places(), *name) : std::filesystem::path{}});
    if (!readiness) {
        return readiness.error();
    }
    watched.readiness = std::move(*readiness);
    return watched;
}

Ending wait_for(Watched& watched, Wait wait, const Deadline& deadline)
{
    virt::Attachment attachment{watched.console.get(), watched.lifecycle, watched.signals};
    virt::Session session{std::move(attachment), virt::BootSign::any_output};
    if (wait == Wait::boot) {
        return {session.wait_for_boot(deadline), session.boot().last_lines()};
    }
    virt::Sign* sign = watched.readiness ? &watched.readiness->sign() : nullptr;
    NeverSign never;
    Ending ending{session.wait_for(sign == nullptr ? never : *sign, deadline)};
    if (sign != nullptr) {
        ending.evidence = sign->evidence();
        ending.address = watched.readiness->address();
    }
    return ending;
}

/// An error where nobody could wait, or libvirt went away: nobody knows what became of the VM then.
Result<Ending> carry_out(const virt::Connection& connection, const Order& order, const std::string& name)
{
    SystemRunner runner;
    const auto domain = order.wait == Wait::off ? domain_named(connection, name) : running_domain(connection, name);
    auto watched = domain ? watch(connection, *domain, order, runner) : Result<Watched>{domain.error()};
    if (!watched) {
        return watched.error();
    }
    auto ending = wait_for(*watched, order.wait, order.deadline);
    ending.how = watched->lifecycle.ending().value_or(virt::Ending::destroyed);
    if (ending.event == virt::Event::ended && ending.how == virt::Ending::lost) {
        return Error{ErrorCode::external,
                     fmt::format("cannot wait for VM '{}': {}", name, describe(ending.how)),
                     "'vm-run list' shows whether it runs on"};
    }
    return ending;
}

std::string sentence(const std::string& name, Wait wait, const Ending& ending)
{
    if (ending.event == virt::Event::booted || ending.event == virt::Event::reached) {
        return fmt::format("VM '{}' is ready: {}", name, word(wait));
    }
    if (ending.event == virt::Event::panicked) {
        return fmt::format("VM '{}' ended: its kernel panicked", name);
    }
    if (ending.event == virt::Event::ended) {
        return fmt::format("VM '{}' ended: {}", name, describe(ending.how));
    }
    return fmt::format("VM '{}' was not ready in time ({})", name, word(wait));
}

cli::ExitCode code_of(Wait wait, virt::Event event)
{
    switch (event) {
        case virt::Event::booted:
        case virt::Event::reached: return cli::ExitCode::ok;
        case virt::Event::ended: return wait == Wait::off ? cli::ExitCode::ok : cli::ExitCode::guest_ended;
        case virt::Event::panicked: return cli::ExitCode::guest_ended;
        case virt::Event::interrupted:
        case virt::Event::left: return cli::ExitCode::interrupted;
        case virt::Event::timed_out: break;
    }
    return cli::ExitCode::not_ready;
}

std::string_view outcome_word(cli::ExitCode code)
{
    return code == cli::ExitCode::ok            ? "ready"
           : code == cli::ExitCode::guest_ended ? "ended"
           : code == cli::ExitCode::interrupted ? "interrupted"
                                                : "not-ready";
}

cli::ExitCode code_of(Wait wait, const Waiting& waiting)
{
    return waiting.ending ? code_of(wait, waiting.ending->event) : cli::exit_code_of(waiting.ending.error().code);
}

/// What the record of one says of it, and that of several of each.
cli::Json record(Wait wait, const Waiting& waiting)
{
    const auto code = code_of(wait, waiting);
    return {{"name", waiting.name},
            {"for", word(wait)},
            {"outcome", waiting.ending ? outcome_word(code) : "failed"},
            {"address", waiting.ending ? address_record(waiting.ending->address) : cli::Json(nullptr)},
            {"evidence", waiting.ending ? cli::Json(waiting.ending->evidence) : cli::Json::array()}};
}

/// Of one that is not what it was to be.
void tell(Wait wait, const Waiting& waiting, const cli::Console& console)
{
    console.warn(waiting.ending ? sentence(waiting.name, wait, *waiting.ending)
                                : fmt::format("{}: {}", waiting.name, waiting.ending.error().message));
    for (const auto& line : waiting.ending ? waiting.ending->evidence : std::vector<std::string>{}) {
        console.warn(line);
    }
}

Result<cli::ExitCode> report_one(Wait wait, const Waiting& waiting, const cli::Console& console, bool as_json)
{
    if (!waiting.ending) {
        return waiting.ending.error();
    }
    const auto code = code_of(wait, waiting);
    if (as_json) {
        auto told = record(wait, waiting);
        told["schema"] = cli::schema_name(tool_name, "wait");
        cli::print_json(console, told);
    } else if (code == cli::ExitCode::ok) {
        console.note(wait == Wait::off ? fmt::format("VM '{}' is off", waiting.name)
                                       : sentence(waiting.name, wait, *waiting.ending));
    } else {
        tell(wait, waiting, console);
    }
    return code;
}

cli::ExitCode report_all(Wait wait, const std::vector<Waiting>& all, const cli::Console& console, bool as_json)
{
    auto vms = cli::Json::array();
    std::vector<cli::ExitCode> codes;
    codes.reserve(all.size());
    for (const Waiting& one : all) {
        codes.push_back(code_of(wait, one));
        auto told = record(wait, one);
        told["exit"] = static_cast<int>(codes.back());
        told["error"] = one.ending ? cli::Json(nullptr) : cli::Json(one.ending.error().message);
        vms.push_back(std::move(told));
        if (codes.back() != cli::ExitCode::ok) {
            tell(wait, one, console);
        }
    }
    const auto ready = static_cast<std::size_t>(std::ranges::count(codes, cli::ExitCode::ok));
    console.note(fmt::format(
        "{} of {} VMs are {}", ready, all.size(), wait == Wait::off ? "off" : fmt::format("ready: {}", word(wait))));
    if (as_json) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "wait-many")},
                         {"ready", ready},
                         {"failed", all.size() - ready},
                         {"vms", vms}});
    }
    return code_of_several(codes);
}

}  // namespace

void declare_wait_command(cli::po::options_description_easy_init add)
{
    using cli::po::value;
    add("for",
        value<std::string>()->value_name("WHAT")->default_value("ssh"),
        "boot, ip, agent, ssh, cloud-init or off");
    add("timeout", value<std::string>()->value_name("TIME")->default_value("120"), "at most that long");
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_wait(const cli::Arguments& arguments, cli::Console& console)
{
    const auto wait = parse_wait(arguments.text("for"));
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!wait || !timeout || *wait == Wait::none) {
        return Error{ErrorCode::usage,
                     !timeout ? timeout.error().message : fmt::format("cannot wait for '{}'", arguments.text("for")),
                     "use --for boot, ip, agent, ssh, cloud-init or off, and a time like 90s"};
    }
    const auto names = expand_names(arguments.operands());
    const auto host = names ? Host::open(arguments) : Result<std::unique_ptr<Host>>{names.error()};
    const auto connections =
        host ? open_connections((*host)->share(), names->size()) : Result<Connections>{host.error()};
    const auto signals = connections ? SignalWatch::open() : Result<SignalWatch>{connections.error()};
    if (!signals) {
        return signals.error();
    }
    std::vector<Waiting> all;
    all.reserve(names->size());
    for (const std::string& name : *names) {
        all.push_back({name});
    }
    const Order order{*wait, Deadline::after(*timeout), (*host)->root(), *signals};
    side_by_side(all.size(), all.size(), *connections, [&](std::size_t number, const auto& connection) {
        all[number].ending = carry_out(*connection, order, all[number].name);
    });
    const bool as_json = arguments.has("json");
    return all.size() == 1 ? report_one(*wait, all.front(), console, as_json)
                           : report_all(*wait, all, console, as_json);
}

}  // namespace kvmkit::vm_run
