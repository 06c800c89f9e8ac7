// SPDX-License-Identifier: Apache-2.0
#include "system/root.hpp"
#include "virt/console/console.hpp"
#include "virt/console/stream_console.hpp"
#include "virt/console/terminal_console.hpp"
#include "virt/host/placement.hpp"
#include "virt/spec/live_console.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// The terminal as its QEMU process sees it: libvirt may run in another mount namespace, which has another /dev/pts.
std::optional<Terminal> terminal_of(const Domain& domain)
{
    const auto xml = domain.xml();
    const auto device = xml ? console_terminal_in(*xml) : std::nullopt;
    if (!device) {
        return std::nullopt;
    }
    const auto host = Root::open("/");
    const auto qemu = host ? find_qemu(*host, domain.uuid()) : Fact<pid_t>{host.error()};
    if (!qemu || !*qemu) {
        return std::nullopt;
    }
    return Terminal{fmt::format("/proc/{}/root{}", **qemu, *device), *device};
}

template <class Kind>
Result<std::unique_ptr<Console>> as_console(Result<std::unique_ptr<Kind>> opened)
{
    if (!opened) {
        return opened.error();
    }
    return std::unique_ptr<Console>{std::move(*opened)};
}

}  // namespace

Result<std::unique_ptr<Console>> open_console(const Connection& connection, const Domain& domain)
{
    const auto doing = fmt::format("cannot open the console of VM '{}'", domain.name().value_or(""));
    const auto terminal = leads_to_this_host(connection.uri()) ? terminal_of(domain) : std::nullopt;
    if (terminal) {
        auto opened = TerminalConsole::open(*terminal, doing);
        if (opened || opened.error().code == ErrorCode::busy) {
            return as_console(std::move(opened));
        }
    }
    return as_console(StreamConsole::open(connection, domain, doing));
}

}  // namespace kvmkit::virt
