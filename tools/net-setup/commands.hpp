// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

namespace kvmkit::net_setup {

/// The whole command line of net-setup.
const cli::Tool& tool();

void declare_show(cli::po::options_description_easy_init add);
Result<cli::ExitCode> show(const cli::Arguments& arguments, cli::Console& console);

void declare_doctor(cli::po::options_description_easy_init add);
Result<cli::ExitCode> doctor(const cli::Arguments& arguments, cli::Console& console);

void declare_validate(cli::po::options_description_easy_init add);
Result<cli::ExitCode> validate(const cli::Arguments& arguments, cli::Console& console);

void declare_plan(cli::po::options_description_easy_init add);
Result<cli::ExitCode> plan(const cli::Arguments& arguments, cli::Console& console);

void declare_diff(cli::po::options_description_easy_init add);
Result<cli::ExitCode> diff(const cli::Arguments& arguments, cli::Console& console);

void declare_apply(cli::po::options_description_easy_init add);
Result<cli::ExitCode> apply(const cli::Arguments& arguments, cli::Console& console);

void declare_bridge_add(cli::po::options_description_easy_init add);
Result<cli::ExitCode> bridge_add(const cli::Arguments& arguments, cli::Console& console);

void declare_bridge_del(cli::po::options_description_easy_init add);
Result<cli::ExitCode> bridge_del(const cli::Arguments& arguments, cli::Console& console);

void declare_bridge_set(cli::po::options_description_easy_init add);
Result<cli::ExitCode> bridge_set(const cli::Arguments& arguments, cli::Console& console);

void declare_bridge_vlan_set(cli::po::options_description_easy_init add);
Result<cli::ExitCode> bridge_vlan_set(const cli::Arguments& arguments, cli::Console& console);

void declare_port_add(cli::po::options_description_easy_init add);
Result<cli::ExitCode> port_add(const cli::Arguments& arguments, cli::Console& console);

void declare_port_del(cli::po::options_description_easy_init add);
Result<cli::ExitCode> port_del(const cli::Arguments& arguments, cli::Console& console);

void declare_vlan_add(cli::po::options_description_easy_init add);
Result<cli::ExitCode> vlan_add(const cli::Arguments& arguments, cli::Console& console);

void declare_vlan_del(cli::po::options_description_easy_init add);
Result<cli::ExitCode> vlan_del(const cli::Arguments& arguments, cli::Console& console);

void declare_lan_bridge(cli::po::options_description_easy_init add);
Result<cli::ExitCode> lan_bridge(const cli::Arguments& arguments, cli::Console& console);

void declare_confirm(cli::po::options_description_easy_init add);
Result<cli::ExitCode> confirm(const cli::Arguments& arguments, cli::Console& console);

void declare_rollback(cli::po::options_description_easy_init add);
Result<cli::ExitCode> rollback(const cli::Arguments& arguments, cli::Console& console);

void declare_extend(cli::po::options_description_easy_init add);
Result<cli::ExitCode> extend(const cli::Arguments& arguments, cli::Console& console);

void declare_status(cli::po::options_description_easy_init add);
Result<cli::ExitCode> status(const cli::Arguments& arguments, cli::Console& console);

void declare_history(cli::po::options_description_easy_init add);
Result<cli::ExitCode> history(const cli::Arguments& arguments, cli::Console& console);

void declare_undo(cli::po::options_description_easy_init add);
Result<cli::ExitCode> undo(const cli::Arguments& arguments, cli::Console& console);

void declare_recover(cli::po::options_description_easy_init add);
Result<cli::ExitCode> recover(const cli::Arguments& arguments, cli::Console& console);

void declare_owner(cli::po::options_description_easy_init add);
Result<cli::ExitCode> owner(const cli::Arguments& arguments, cli::Console& console);

void declare_persist(cli::po::options_description_easy_init add);
Result<cli::ExitCode> persist(const cli::Arguments& arguments, cli::Console& console);

}  // namespace kvmkit::net_setup
