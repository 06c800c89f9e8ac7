// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

int main(int argc, char** argv)
{
    return kvmkit::cli::run_tool(kvmkit::net_setup::tool(), argc, argv, kvmkit::cli::system_console());
}
