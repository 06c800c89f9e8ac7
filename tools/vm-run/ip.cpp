// SPDX-License-Identifier: Apache-2.0
#include "address_record.hpp"
#include "base/deadline.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "find_address.hpp"
#include "system/signals.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

cli::Json ip_record(const std::string& name, const std::optional<virt::Address>& address, const std::string& why)
{
    return {{"schema", cli::schema_name(tool_name, "ip")},
            {"name", name},
            {"address", address_record(address)},
            {"why_not", why.empty() ? cli::Json(nullptr) : cli::Json(why)}};
}

Result<virt::Address> find(Host& host, const cli::Arguments& arguments)
{
    constexpr std::chrono::milliseconds one_look{300};
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!timeout) {
        return Error{ErrorCode::usage, timeout.error().message, timeout.error().hint};
    }
    auto domain = running_domain(host.connection(), arguments.operands().front());
    auto signals = SignalWatch::open();
    if (!domain || !signals) {
        return !domain ? domain.error() : signals.error();
    }
    return address_of(host, std::move(*domain), arguments.has("wait") ? *timeout : one_look, [&signals] {
        return signals->caught().has_value();
    });
}

}  // namespace

void declare_ip(cli::po::options_description_easy_init add)
{
    add("wait", "wait until it has one");
    add("timeout", cli::po::value<std::string>()->value_name("TIME")->default_value("120"), "at most that long");
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_ip(const cli::Arguments& arguments, cli::Console& console)
{
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const auto address = find(**host, arguments);
    if (!address && address.error().code == ErrorCode::timeout) {
        Error error = address.error();
        error.hint = arguments.has("wait") ? "" : "wait for it: vm-run ip --wait " + arguments.operands().front();
        console.warn(error.message);
        if (!error.hint.empty()) {
            console.warn(error.hint);
        }
        if (arguments.has("json")) {
            cli::print_json(console, ip_record(arguments.operands().front(), std::nullopt, error.message));
        }
        return cli::ExitCode::not_ready;
    }
    if (!address) {
        return address.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console, ip_record(arguments.operands().front(), *address, ""));
    } else {
        console.out << address->ip << '\n';
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
