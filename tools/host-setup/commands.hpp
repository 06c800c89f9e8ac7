// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

#include <array>

namespace kvmkit::host_setup {

void declare_status(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_status(const cli::Arguments& arguments, cli::Console& console);

void declare_detect(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_detect(const cli::Arguments& arguments, cli::Console& console);

void declare_plan(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_plan(const cli::Arguments& arguments, cli::Console& console);

void declare_apply(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_apply(const cli::Arguments& arguments, cli::Console& console);

void declare_verify(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_verify(const cli::Arguments& arguments, cli::Console& console);

void declare_mirror_list(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_mirror_list(const cli::Arguments& arguments, cli::Console& console);

void declare_mirror_test(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_mirror_test(const cli::Arguments& arguments, cli::Console& console);

void declare_mirror_use(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_mirror_use(const cli::Arguments& arguments, cli::Console& console);

void declare_mirror_restore(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_mirror_restore(const cli::Arguments& arguments, cli::Console& console);

void declare_history(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_history(const cli::Arguments& arguments, cli::Console& console);
Result<cli::ExitCode> run_show(const cli::Arguments& arguments, cli::Console& console);

void declare_resume(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_resume(const cli::Arguments& arguments, cli::Console& console);
void declare_confirm(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_confirm(const cli::Arguments& arguments, cli::Console& console);

void declare_rollback(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_rollback(const cli::Arguments& arguments, cli::Console& console);

void declare_ssh_root(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_ssh_root(const cli::Arguments& arguments, cli::Console& console);

inline constexpr cli::Operands some_components{"[COMPONENT...]", 0, cli::any_number};

inline constexpr std::array commands{
    cli::Command{"status", "show what this host has of a KVM host, and what it lacks", {}, declare_status, run_status},
    cli::Command{"detect",
                 "show what kind of host this is, whether it is served, and what was read",
                 {},
                 declare_detect,
                 run_detect},
    cli::Command{"plan", "show what apply would do, and change nothing", some_components, declare_plan, run_plan},
    cli::Command{"apply",
                 "install, load and start what is missing",
                 some_components,
                 declare_apply,
                 run_apply,
                 cli::Effect::changes},
    cli::Command{
        "verify", "try by use what apply promises, and change nothing", some_components, declare_verify, run_verify},
    cli::Command{"mirror list",
                 "show the mirrors that are known for this distribution",
                 {},
                 declare_mirror_list,
                 run_mirror_list},
    cli::Command{"mirror test",
                 "measure mirrors, the fastest first",
                 {"[NAME|URL...]", 0, cli::any_number},
                 declare_mirror_test,
                 run_mirror_test},
    cli::Command{"mirror use",
                 "try a mirror, and take packages from it if it serves",
                 {"NAME|URL", 1, 1},
                 declare_mirror_use,
                 run_mirror_use,
                 cli::Effect::changes},
    cli::Command{"mirror restore",
                 "take packages again from where this host took them first",
                 {},
                 declare_mirror_restore,
                 run_mirror_restore,
                 cli::Effect::changes},
    cli::Command{"ssh-root",
                 "let root log in by ssh, on trial until it is confirmed",
                 {},
                 declare_ssh_root,
                 run_ssh_root,
                 cli::Effect::changes},
    cli::Command{"history", "list the changes that were made", {}, declare_history, run_history},
    cli::Command{"show", "show one change with its steps", {"ID", 1, 1}, declare_history, run_show},
    cli::Command{
        "rollback", "take the last change back", {"[ID]", 0, 1}, declare_rollback, run_rollback, cli::Effect::changes},
    cli::Command{"resume",
                 "undo what a killed run left half done, and finish it on request",
                 {"[ID]", 0, 1},
                 declare_resume,
                 run_resume,
                 cli::Effect::changes},
    cli::Command{"confirm",
                 "keep a change that waits for an answer; from a new login",
                 {"[ID]", 0, 1},
                 declare_confirm,
                 run_confirm,
                 cli::Effect::changes},
};

inline constexpr std::string_view closing = R"(
Components: hypervisor (packages), network (libvirt's network), modules (KVM module, /dev/kvm), groups (who may use it),
services (libvirtd). None given means these.
Only if named: nested (guests may run guests), mirror (where packages come from; --mirror NAME|URL), tools (virt-manager and
the like), guest-images, desktop, ssh-root (root's login, on trial). Or by --profile: minimal, server, workstation, tutorial.

examples:
  host-setup                      what is there
  host-setup plan                 what would be done, and what it costs
  host-setup apply                do it; a second run finds nothing to do
  host-setup apply hypervisor     the packages only
  host-setup plan -o FILE         save it; apply --plan FILE makes just that
  host-setup verify               whether all that works, tried by use
  host-setup mirror test          which mirror is the fastest from here
  host-setup mirror use aliyun    try it; if it serves, take packages from it
)";

}  // namespace kvmkit::host_setup
