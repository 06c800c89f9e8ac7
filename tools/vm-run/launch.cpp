// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "disk_options.hpp"
#include "fleet.hpp"
#include "launcher.hpp"
#include "vm_file.hpp"

namespace kvmkit::vm_run {
namespace {

/// What the command line, or the file that it names, asks for: at least one.
Result<std::vector<LaunchOptions>> read_wishes(const cli::Arguments& arguments)
{
    if (const auto file = arguments.maybe("file")) {
        return read_vm_file(*file, arguments);
    }
    auto options = read_launch_options(arguments);
    return options ? Result<std::vector<LaunchOptions>>{std::vector{std::move(*options)}} : options.error();
}

Result<void> choose_image(LaunchOptions& options, const cli::Console& console)
{
    const bool only_shown = options.show != Show::nothing;
    const auto image = only_shown ? foresee_image(options.image) : obtain_image(options.image, console);
    if (!image) {
        return image.error();
    }
    if (*image) {
        options.spec.image = (*image)->base;
        if (options.spec.seed && !options.own_user && !(*image)->user.empty()) {
            options.spec.seed->user = (*image)->user;
        }
    }
    return check_root_size(options.spec);
}

Result<cli::ExitCode> launch(Result<std::vector<LaunchOptions>> wishes, const cli::Console& console)
{
    if (!wishes) {
        return wishes.error();
    }
    if (auto checked = check_together(each_alone(*wishes)); !checked) {
        return checked.error();
    }
    for (LaunchOptions& wish : *wishes) {
        if (auto chosen = choose_image(wish, console); !chosen) {
            return chosen.error();
        }
    }
    const auto all = each_alone(*wishes);
    if (all.size() > 1) {
        return Fleet{all, console}.run();
    }
    const auto launcher = Launcher::prepare(all.front(), console);
    if (!launcher) {
        return launcher.error();
    }
    return (*launcher)->run();
}

}  // namespace

Result<cli::ExitCode> run_launch(const cli::Arguments& arguments, cli::Console& console)
{
    return launch(read_wishes(arguments), console);
}

void declare_plan(cli::po::options_description_easy_init add)
{
    declare_launch(add);
}

Result<cli::ExitCode> run_plan(const cli::Arguments& arguments, cli::Console& console)
{
    auto wishes = read_wishes(arguments);
    if (wishes && wishes->front().show == Show::nothing) {
        for (LaunchOptions& wish : *wishes) {
            wish.show = Show::steps;
        }
    }
    return launch(std::move(wishes), console);
}

}  // namespace kvmkit::vm_run
