// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

#include <array>

namespace kvmkit::vm_run {

void declare_launch(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_launch(const cli::Arguments& arguments, cli::Console& console);

void declare_list(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_list(const cli::Arguments& arguments, cli::Console& console);

void declare_stop(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_stop(const cli::Arguments& arguments, cli::Console& console);

void declare_rm(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_rm(const cli::Arguments& arguments, cli::Console& console);

void declare_xml(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_xml(const cli::Arguments& arguments, cli::Console& console);

void declare_gc(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_gc(const cli::Arguments& arguments, cli::Console& console);

inline constexpr cli::Operands one_name{"NAME", 1, 1};

inline constexpr std::array commands{
    cli::Command{"list", "show all VMs", {}, declare_list, run_list},
    cli::Command{"launch",
                 "make a VM, start it and wait until it has booted",
                 one_name,
                 declare_launch,
                 run_launch,
                 cli::Effect::changes},
    cli::Command{"stop", "ask a VM to power off", one_name, declare_stop, run_stop, cli::Effect::changes},
    cli::Command{
        "rm", "remove a VM that vm-run made, with its disk", one_name, declare_rm, run_rm, cli::Effect::changes},
    cli::Command{"xml", "print the libvirt description of a VM", one_name, declare_xml, run_xml},
    cli::Command{"gc", "remove what killed launches left behind", {}, declare_gc, run_gc, cli::Effect::changes},
};

inline constexpr std::string_view closing = R"(
examples:
  vm-run launch web --image debian.qcow2 --memory 2G --vcpus 2 --net bridge=br0
  vm-run launch try --rm --console --kernel vmlinuz --initrd initrd
  vm-run stop web && vm-run rm web
)";

}  // namespace kvmkit::vm_run
