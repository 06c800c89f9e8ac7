// SPDX-License-Identifier: Apache-2.0
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "system/signals.hpp"
#include "virt/libvirt/domain_events.hpp"

#include <poll.h>

#include <array>
#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

std::string now()
{
    const auto time = std::chrono::system_clock::now();
    const auto seconds = std::chrono::system_clock::to_time_t(time);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
    std::tm utc{};
    (void)::gmtime_r(&seconds, &utc);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, ms);
}

void print(const cli::Arguments& arguments, const cli::Console& console, const virt::DomainEvent& event)
{
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? cli::Json(nullptr) : cli::Json(text);
    };
    if (arguments.has("json")) {
        const cli::Json line{{"schema", cli::schema_name(tool_name, "events")},
                             {"time", now()},
                             {"name", event.vm},
                             {"uuid", event.uuid},
                             {"kind", event.kind},
                             {"what", event.what},
                             {"detail", text_or_null(event.detail)}};
        console.out << line.dump(-1, ' ', false, cli::Json::error_handler_t::replace) << '\n';
    } else {
        console.out << fmt::format("{}  {}  {} {}{}\n",
                                   now(),
                                   event.vm,
                                   event.kind,
                                   event.what,
                                   event.detail.empty() ? "" : " (" + event.detail + ")");
    }
    console.out.flush();
}

/// Until a signal comes; a connection that is lost is an error.
Result<cli::ExitCode> follow(const cli::Arguments& arguments, const cli::Console& console, virt::DomainEvents& events)
{
    auto signals = SignalWatch::open();
    if (!signals) {
        return signals.error();
    }
    const std::string only = arguments.operands().empty() ? "" : arguments.operands().front();
    while (!signals->caught()) {
        for (const auto& event : events.take()) {
            if (only.empty() || event.vm == only) {
                print(arguments, console, event);
            }
        }
        if (events.lost()) {
            return Error{ErrorCode::external, "the connection to libvirt was lost"};
        }
        std::array waits{pollfd{events.fd(), POLLIN, 0}, pollfd{signals->fd(), POLLIN, 0}};
        (void)::poll(waits.data(), waits.size(), -1);
    }
    return cli::ExitCode::ok;
}

}  // namespace

void declare_events(cli::po::options_description_easy_init add)
{
    declare_connect(add);
    add("json", "one JSON object a line");
}

Result<cli::ExitCode> run_events(const cli::Arguments& arguments, cli::Console& console)
{
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    if (!arguments.operands().empty()) {
        if (auto known = (*host)->domain(arguments.operands().front()); !known) {
            return known.error();
        }
    }
    auto events = virt::DomainEvents::open((*host)->connection());
    if (!events) {
        return events.error();
    }
    console.note("Ctrl-C ends this");
    return follow(arguments, console, *events);
}

}  // namespace kvmkit::vm_run
