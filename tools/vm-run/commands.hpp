// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

#include <array>

namespace kvmkit::vm_run {

void declare_launch(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_launch(const cli::Arguments& arguments, cli::Console& console);

void declare_plan(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_plan(const cli::Arguments& arguments, cli::Console& console);

void declare_list(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_list(const cli::Arguments& arguments, cli::Console& console);

void declare_stop(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_stop(const cli::Arguments& arguments, cli::Console& console);

void declare_start(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_start(const cli::Arguments& arguments, cli::Console& console);

void declare_rm(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_rm(const cli::Arguments& arguments, cli::Console& console);

void declare_xml(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_xml(const cli::Arguments& arguments, cli::Console& console);

void declare_ip(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_ip(const cli::Arguments& arguments, cli::Console& console);

void declare_wait_command(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_wait(const cli::Arguments& arguments, cli::Console& console);

void declare_console(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_console(const cli::Arguments& arguments, cli::Console& console);

void declare_events(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_events(const cli::Arguments& arguments, cli::Console& console);
void declare_ssh(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_ssh(const cli::Arguments& arguments, cli::Console& console);

void declare_exec(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_exec(const cli::Arguments& arguments, cli::Console& console);

void declare_gc(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_gc(const cli::Arguments& arguments, cli::Console& console);

void declare_ps(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_ps(const cli::Arguments& arguments, cli::Console& console);

void declare_top(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_top(const cli::Arguments& arguments, cli::Console& console);

void declare_explain(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_explain(const cli::Arguments& arguments, cli::Console& console);

void declare_image_ls(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_image_ls(const cli::Arguments& arguments, cli::Console& console);

void declare_image_pull(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_image_pull(const cli::Arguments& arguments, cli::Console& console);

void declare_image_add(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_image_add(const cli::Arguments& arguments, cli::Console& console);

void declare_image_rm(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_image_rm(const cli::Arguments& arguments, cli::Console& console);

void declare_image_verify(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_image_verify(const cli::Arguments& arguments, cli::Console& console);

inline constexpr cli::Operands one_name{"NAME", 1, 1};

inline constexpr cli::Operands names_or_ranges{"NAME|NAME{1..N}...", 1, cli::any_number};
inline constexpr cli::Operands name_or_file{"NAME|NAME{1..N}...|-f FILE", 0, cli::any_number};
inline constexpr cli::Operands maybe_a_name{"[NAME]", 0, 1};
inline constexpr cli::Operands name_and_words{"NAME [-- COMMAND...]", 1, cli::any_number};
inline constexpr cli::Operands name_and_command{"NAME -- COMMAND...", 2, cli::any_number};

inline constexpr std::array commands{
    cli::Command{"list", "show all VMs", {}, declare_list, run_list},
    cli::Command{"launch",
                 "make a VM or several, start them and wait until they have booted",
                 name_or_file,
                 declare_launch,
                 run_launch,
                 cli::Effect::changes},
    cli::Command{"plan", "show what launch would do, and with --why, why", name_or_file, declare_plan, run_plan},
    cli::Command{"ssh", "log in to a VM, or run a command line in its shell", name_and_words, declare_ssh, run_ssh},
    cli::Command{"exec", "run a program in a VM, its words as they are", name_and_command, declare_exec, run_exec},
    cli::Command{"stop",
                 "ask VMs to power off, and wait until they have",
                 names_or_ranges,
                 declare_stop,
                 run_stop,
                 cli::Effect::changes},
    cli::Command{"start",
                 "start VMs that are off, and wait until they have booted",
                 names_or_ranges,
                 declare_start,
                 run_start,
                 cli::Effect::changes},
    cli::Command{"rm",
                 "remove VMs that vm-run made, with their disks",
                 names_or_ranges,
                 declare_rm,
                 run_rm,
                 cli::Effect::changes},
    cli::Command{"xml", "print the libvirt description of a VM", one_name, declare_xml, run_xml},
    cli::Command{"ps", "show the VMs that run on this host as processes", {}, declare_ps, run_ps},
    cli::Command{"top", "the same with each vCPU, redrawn until Ctrl-C", {}, declare_top, run_top},
    cli::Command{"explain",
                 "show where a VM runs: process, threads, CPUs and neighbours",
                 one_name,
                 declare_explain,
                 run_explain},
    cli::Command{"image ls", "show the images that are cached or known by name", {}, declare_image_ls, run_image_ls},
    cli::Command{"image pull",
                 "download an image, or ask for a newer one",
                 {"NAME|URL", 1, 1},
                 declare_image_pull,
                 run_image_pull,
                 cli::Effect::changes},
    cli::Command{"image add",
                 "take a file into the cache under a name",
                 {"NAME FILE", 2, 2},
                 declare_image_add,
                 run_image_add,
                 cli::Effect::changes},
    cli::Command{"image rm", "remove a cached image", one_name, declare_image_rm, run_image_rm, cli::Effect::changes},
    cli::Command{"image verify",
                 "read cached images again and compare checksums",
                 {"[NAME...]", 0, cli::any_number},
                 declare_image_verify,
                 run_image_verify},
    cli::Command{"ip", "print where a VM answers", one_name, declare_ip, run_ip},
    cli::Command{"wait", "wait until VMs are ready, or off", names_or_ranges, declare_wait_command, run_wait},
    cli::Command{"console", "show a VM's serial console and type into it", one_name, declare_console, run_console},
    cli::Command{"events", "tell what happens to VMs as it happens", maybe_a_name, declare_events, run_events},
    cli::Command{"gc", "remove what killed runs left behind", {}, declare_gc, run_gc, cli::Effect::changes},
};

inline constexpr std::string_view closing = R"(
examples:
  vm-run launch web --image debian-12 --memory 2G --vcpus 2 --disk 20G --net bridge=br0 --package nginx
  vm-run ssh web
  vm-run exec web -- systemctl is-active nginx
  vm-run launch try --rm --console --kernel vmlinuz --initrd initrd
  vm-run stop web && vm-run start web --wait ssh
  vm-run stop web && vm-run rm web
)";

}  // namespace kvmkit::vm_run
