// SPDX-License-Identifier: Apache-2.0
#include "image.hpp"

#include "apply.hpp"
#include "setup/image_words.hpp"
#include "system/enter_root.hpp"
#include "txn/lock.hpp"

#include <optional>

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

std::string as_typed(const std::string& text, const cli::Arguments& arguments)
{
    const auto directory = arguments.maybe("root");
    return directory ? setup::seen_from_outside(text, *directory) : text;
}

void as_typed(std::vector<std::string>& texts, const cli::Arguments& arguments)
{
    for (std::string& text : texts) {
        text = as_typed(text, arguments);
    }
}

Result<cli::ExitCode> run_there(const cli::Arguments& arguments,
                                cli::Console& console,
                                setup::Visit visit,
                                Result<cli::ExitCode> (*command)(const cli::Arguments&, cli::Console&))
{
    const auto directory = arguments.maybe("root");
    if (!directory) {
        return command(arguments, console);
    }
    if (auto allowed = check_root("enter image", "sudo " + arguments.command_line()); !allowed) {
        return std::move(allowed).error();
    }
    const auto image = setup::open_image(*directory, visit);
    if (!image) {
        return image.error();
    }
    // Of this machine: what is in the image's /run is not seen by the next one.
    std::optional<txn::Lock> lock;
    if (visit == setup::Visit::changes) {
        auto taken = txn::Lock::acquire(txn::default_places(), image->lock_name, arguments.command_line());
        if (!taken) {
            return std::move(taken).error();
        }
        lock.emplace(std::move(*taken));
    }
    const auto entered = enter_root(image->folder, image->name);
    if (!entered) {
        return entered.error();
    }
    if (entered->outside) {
        return static_cast<cli::ExitCode>(*entered->outside);
    }
    auto done = command(arguments, console);
    if (!done) {
        done.error().message = as_typed(done.error().message, arguments);
        done.error().hint = as_typed(done.error().hint, arguments);
    }
    return done;
}

}  // namespace kvmkit::host_setup
