// SPDX-License-Identifier: Apache-2.0
#include "report/report.hpp"

#include "check/catalogue.hpp"

#include <chrono>

namespace kvmkit {
namespace {

template <class T>
const T* known(const Fact<T>& fact)
{
    return fact && *fact ? &**fact : nullptr;
}

std::string text_of(const Fact<std::string>& fact)
{
    const auto* text = known(fact);
    return text == nullptr ? std::string{} : *text;
}

double seconds(double nanoseconds)
{
    constexpr double per_second = 1e9;
    return nanoseconds / per_second;
}

void measure_run(const Fact<GuestRun>& run, const Measure& kind, std::vector<Measure>& into)
{
    if (const auto* seen = known(run); seen != nullptr && seen->passed) {
        into.push_back(kind);
        into.back().value = std::chrono::duration<double>(seen->took).count();
    }
}

std::vector<Measure> measures(const KvmFacts& kvm)
{
    std::vector<Measure> all;
    measure_run(kvm.run_real, {"guest_16bit_run", "Time of a 16 bit guest, made, run and gone.", 0, "seconds"}, all);
    measure_run(kvm.run_long, {"guest_64bit_run", "Time of a 64 bit guest, made, run and gone.", 0, "seconds"}, all);
    if (const auto* speed = known(kvm.speed)) {
        all.push_back({"guest_kernel_loop",
                       "Time of one turn of a loop in a guest's kernel.",
                       seconds(speed->kernel_ns),
                       "seconds"});
        if (speed->user_ns) {
            all.push_back({"guest_user_loop",
                           "Time of one turn of the loop in a guest's program.",
                           seconds(*speed->user_ns),
                           "seconds"});
        }
        all.push_back({"host_loop", "Time of one turn of the loop on the host.", seconds(speed->host_ns), "seconds"});
        all.push_back({"guest_slowdown",
                       "How many times slower a guest's kernel is than the host.",
                       speed->ratio(),
                       "ratio",
                       emulation_ratio});
    }
    if (const auto* cost = known(kvm.exit_cost)) {
        all.push_back(
            {"guest_exit_kernel", "Time of leaving a guest into the kernel.", seconds(cost->kernel_ns), "seconds"});
        if (cost->user_ns) {
            all.push_back(
                {"guest_exit_user", "Time of leaving a guest on to a program.", seconds(*cost->user_ns), "seconds"});
        }
    }
    return all;
}

}  // namespace

Report make_report(const HostFacts& host, const Selection& selection)
{
    const auto checks = catalogue();
    Report report;
    report.arch = text_of(host.arch);
    if (const auto* cpu = known(host.cpu)) {
        report.cpu_known = true;
        report.vendor = cpu->vendor;
        report.model = cpu->model;
        report.flag = virt_flag(*cpu);
    }
    if (const auto* cpuid = known(host.cpuid)) {
        report.raw_flag = cpuid->vmx ? VirtFlag::vmx : cpuid->svm ? VirtFlag::svm : VirtFlag::none;
    }
    if (const auto* dmi = known(host.dmi)) {
        report.product = dmi->product;
        report.cloud = cloud_of(*dmi);
    }
    if (const auto* container = known(host.container)) {
        report.container = container->type;
    }
    report.kernel = text_of(host.kernel);
    report.distribution = text_of(host.distribution);
    if (const auto* underlay = known(host.underlay)) {
        report.underlay = *underlay;
    }
    report.device_there = known(host.kvm.node) != nullptr;
    report.opens = known(host.kvm.open) != nullptr && (*host.kvm.open)->ok();
    auto judgement = judge_selected(host, checks, selection);
    report.summary = summarise(host, judge(host, checks));
    report.summary.verdict = judgement.verdict;
    report.findings = std::move(judgement.findings);
    report.recommendation = recommend(host);
    report.selection = selection;
    report.catalogue_size = checks.size();
    report.measures = measures(host.kvm);
    return report;
}

}  // namespace kvmkit
