// SPDX-License-Identifier: Apache-2.0
#include "report/report.hpp"

#include "check/catalogue.hpp"

namespace kvmkit {

Report make_report(const HostFacts& host)
{
    Report report;
    report.arch = host.arch ? host.arch->value_or("") : "";
    if (host.cpu && *host.cpu) {
        report.cpu_known = true;
        report.vendor = (*host.cpu)->vendor;
        report.model = (*host.cpu)->model;
        report.flag = virt_flag(**host.cpu);
    }
    report.findings = judge(host, catalogue());
    report.summary = summarise(host, report.findings);
    report.recommendation = recommend(host);
    return report;
}

}  // namespace kvmkit
