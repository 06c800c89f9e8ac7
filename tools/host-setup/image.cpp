// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include "apply.hpp"
#include "setup/image.hpp"
#include "system/enter_root.hpp"
#include "txn/lock.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {

void declare_image(cli::po::options_description_easy_init& add, const char* doing)
{
    add("root", cli::po::value<std::string>()->value_name("DIR"), doing);
}

bool in_image(const cli::Arguments& arguments)
{
    return arguments.given("root");
}

Result<cli::ExitCode> run_there(const cli::Arguments& arguments,
                                cli::Console& console,
                                Result<cli::ExitCode> (*command)(const cli::Arguments&, cli::Console&))
{
    const auto directory = arguments.maybe("root");
    if (!directory) {
        return command(arguments, console);
    }
    if (auto allowed = check_root("enter image", "sudo " + arguments.command_line()); !allowed) {
        return std::move(allowed).error();
    }
    const auto image = setup::open_image(*directory);
    if (!image) {
        return image.error();
    }
    // Of this machine: what is in the image's /run is not seen by the next one.
    const auto lock = txn::Lock::acquire(txn::default_places(), image->lock_name, arguments.command_line());
    if (!lock) {
        return lock.error();
    }
    const auto entered = enter_root(image->folder, image->name);
    if (!entered) {
        return entered.error();
    }
    return entered->outside ? static_cast<cli::ExitCode>(*entered->outside) : command(arguments, console);
}

}  // namespace kvmkit::host_setup
