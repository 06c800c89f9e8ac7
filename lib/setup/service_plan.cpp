// SPDX-License-Identifier: Apache-2.0
#include "setup/service_plan.hpp"

#include "setup/modular.hpp"
#include "setup/service_control.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// Where nothing can be told to start services, all that can be done is to say how it goes by hand.
void note_no_manager(const Host& host, ServicePlan& plan)
{
    if (host.image) {
        plan.notes.emplace_back(
            "neither systemd nor OpenRC nor sysvinit is installed in this image: whether libvirt is started at boot is "
            "left to what comes");
    }
    const bool by_hand = host.service.daemon != Daemon::running;
    if (!host.live || !by_hand || host.distribution.tier == Tier::third) {
        return;
    }
    if (host.service.manager == Manager::other) {
        plan.notes.emplace_back(
            "services are started by runit here, which is left to you: ln -s /etc/sv/libvirtd "
            "/var/service");
    } else {
        plan.notes.emplace_back(
            "no service manager runs here: libvirtd is not started; start it by hand: virtlogd -d && libvirtd -d; "
            "or use vm-run launch --rm, which needs no daemon");
    }
}

Error masked(const ServiceState& service)
{
    const auto* const name = service.modular ? "virtqemud" : "libvirtd";
    return {ErrorCode::refused,
            fmt::format("refused to start unit '{}': it is masked, so somebody decided that it must not run", name),
            fmt::format("systemctl unmask {0}.service {0}.socket; or leave it: host-setup apply hypervisor "
                        "modules",
                        name)};
}

std::string not_installed(const ServiceState& service)
{
    return service.manager == Manager::systemd
               ? "libvirt is not installed: host-setup apply hypervisor services"
               : "there is no /etc/init.d/libvirtd: host-setup apply hypervisor services, which brings it where the "
                 "distribution has one; by hand: virtlogd -d && libvirtd -d";
}

/// Where each driver has a daemon of its own.
void plan_modular(const ServiceState& service, ServicePlan& plan)
{
    auto steps = start_modular(service);
    std::ranges::move(steps, std::back_inserter(plan.steps));
    plan.notes.emplace_back(service.daemon == Daemon::not_installed
                                ? "libvirt comes as modular daemons (virtqemud) in this release; libvirtd is left alone"
                                : "the modular daemons (virtqemud) serve on this host; libvirtd is left alone");
}

void plan_start(const ServiceState& service, ServicePlan& plan)
{
    if (service.modular) {
        plan_modular(service, plan);
        return;
    }
    const bool systemd = service.manager == Manager::systemd;
    if (!service.enabled) {
        if (!systemd) {  // libvirtd needs it, and there it has no socket that starts it
            plan.steps.emplace_back(ChangeUnit{UnitAction::enable, "virtlogd", true});
        }
        plan.steps.emplace_back(ChangeUnit{UnitAction::enable, libvirtd_of(service.manager)});
    }
    if (service.daemon != Daemon::running) {
        if (!systemd) {
            plan.steps.emplace_back(ChangeUnit{UnitAction::start, "virtlogd", true});
        }
        plan.steps.emplace_back(ChangeUnit{UnitAction::start, service.unit});
        plan.steps.emplace_back(ProveLibvirt{});
        // What shuts VMs down with the host works only if it was started.
        plan.steps.emplace_back(
            ChangeUnit{UnitAction::start, systemd ? "libvirt-guests.service" : "libvirt-guests", true});
    }
}

/// Nothing of an image is started.
void leave_at_boot(ServicePlan& plan)
{
    std::erase_if(plan.steps, [](const Step& step) {
        const auto* change = std::get_if<ChangeUnit>(&step);
        return change == nullptr || change->action != UnitAction::enable;
    });
}

}  // namespace

Result<ServicePlan> plan_services(const Host& host, bool comes)
{
    ServicePlan plan;
    const ServiceState& service = host.service;
    if (!is_controlled(service.manager)) {
        note_no_manager(host, plan);
    } else if (service.daemon == Daemon::masked) {
        return masked(service);
    } else if (service.daemon == Daemon::forbidden) {
        plan.notes.emplace_back("/usr/sbin/policy-rc.d forbids starting services: libvirtd is not started");
    } else if (service.daemon == Daemon::unknown) {
        plan.notes.push_back(
            fmt::format("{} does not say how libvirtd stands: it is left alone", word(service.manager)));
    } else if (service.daemon == Daemon::not_installed && !comes) {
        plan.notes.push_back(not_installed(service));
    } else {
        plan_start(service, plan);
    }
    if (host.image) {
        leave_at_boot(plan);
    }
    return plan;
}

}  // namespace kvmkit::setup
