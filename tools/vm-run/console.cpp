// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "connect.hpp"
#include "system/signals.hpp"
#include "terminal.hpp"
#include "virt/launch/session.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {

void declare_console(cli::po::options_description_easy_init add)
{
    declare_connect(add);
}

/// Until the VM ends, Ctrl-] is typed or a signal comes.
Result<cli::ExitCode> run_console(const cli::Arguments& arguments, cli::Console& console)
{
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const auto domain = running_domain((*host)->connection(), arguments.operands().front());
    if (!domain) {
        return domain.error();
    }
    auto signals = SignalWatch::open();
    auto lifecycle = virt::LifecycleWatch::open((*host)->connection(), *domain);
    const auto stream = virt::open_console((*host)->connection(), *domain);
    if (!signals || !lifecycle) {
        return !signals ? signals.error() : lifecycle.error();
    }
    if (!stream) {
        Error error = stream.error();
        if (error.hint.empty()) {
            error.hint = error.code == ErrorCode::unsupported
                             ? "this driver has no consoles"
                             : "another console of it may be open; its own vm-run or virsh has it then";
        }
        return error;
    }
    const RawTerminal terminal;
    console.note("Ctrl-] leaves");
    virt::Attachment attachment{stream->get(), *lifecycle, *signals};
    attachment.input = terminal.input();
    attachment.on_output = [&console](std::string_view bytes) { console.out << bytes << std::flush; };
    virt::Session session{std::move(attachment), virt::BootSign::any_output};
    const auto event = session.wait_for_end();
    if (event == virt::Event::panicked) {
        return cli::ExitCode::guest_ended;
    }
    return event == virt::Event::interrupted ? cli::ExitCode::interrupted : cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
