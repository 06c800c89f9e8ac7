// SPDX-License-Identifier: Apache-2.0
#include "address_record.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "readiness.hpp"
#include "system/signals.hpp"
#include "virt/launch/plan.hpp"
#include "virt/launch/session.hpp"

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
};

/// Only boot and cloud-init are heard on the console, which one alone can have.
Result<Watched> watch(Host& host, const virt::Domain& domain, Wait wait)
{
    auto signals = SignalWatch::open();
    auto lifecycle = virt::LifecycleWatch::open(host.connection(), domain);
    if (!signals || !lifecycle) {
        return !signals ? signals.error() : lifecycle.error();
    }
    Watched watched{std::move(*signals), std::move(*lifecycle)};
    if (wait == Wait::boot || wait == Wait::cloud_init) {
        auto console = virt::open_console(host.connection(), domain);
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
                                      {host.connection(),
                                       domain,
                                       host.root(),
                                       host.runner(),
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

std::string sentence(const std::string& name, Wait wait, const Ending& ending, const Watched& watched)
{
    if (ending.event == virt::Event::booted || ending.event == virt::Event::reached) {
        return fmt::format("VM '{}' is ready: {}", name, word(wait));
    }
    if (ending.event == virt::Event::panicked) {
        return fmt::format("VM '{}' ended: its kernel panicked", name);
    }
    if (ending.event == virt::Event::ended) {
        return fmt::format(
            "VM '{}' ended: {}", name, describe(watched.lifecycle.ending().value_or(virt::Ending::destroyed)));
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
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const std::string& name = arguments.operands().front();
    const auto domain = *wait == Wait::off ? (*host)->domain(name) : running_domain(**host, name);
    auto watched = domain ? watch(**host, *domain, *wait) : domain.error();
    if (!watched) {
        return watched.error();
    }
    const auto ending = wait_for(*watched, *wait, Deadline::after(*timeout));
    const auto code = code_of(*wait, ending.event);
    if (arguments.has("json")) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "wait")},
                         {"name", name},
                         {"for", word(*wait)},
                         {"outcome", outcome_word(code)},
                         {"address", address_record(ending.address)},
                         {"evidence", ending.evidence}});
        return code;
    }
    if (code == cli::ExitCode::ok) {
        console.note(*wait == Wait::off ? fmt::format("VM '{}' is off", name)
                                        : sentence(name, *wait, ending, *watched));
        return code;
    }
    console.warn(sentence(name, *wait, ending, *watched));
    for (const auto& line : ending.evidence) {
        console.warn(line);
    }
    return code;
}

}  // namespace kvmkit::vm_run
