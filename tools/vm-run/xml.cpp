// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "connect.hpp"

namespace kvmkit::vm_run {

void declare_xml(cli::po::options_description_easy_init add)
{
    declare_connect(add);
}

Result<cli::ExitCode> run_xml(const cli::Arguments& arguments, cli::Console& console)
{
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const auto domain = (*host)->domain(arguments.operands().front());
    if (!domain) {
        return domain.error();
    }
    const auto xml = domain->xml();
    if (!xml) {
        return xml.error();
    }
    console.out << *xml;
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
