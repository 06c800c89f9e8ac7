// SPDX-License-Identifier: Apache-2.0
#include "setup/modular.hpp"

#include <array>

namespace kvmkit::setup {

bool modular_libvirt_listens(const Root& root)
{
    return root.exists(modular_socket) && !root.exists("run/libvirt/libvirt-admin-sock");
}

std::vector<Step> start_modular(const ServiceState& service)
{
    constexpr std::array sockets{"virtqemud.socket",
                                 "virtnetworkd.socket",
                                 "virtnodedevd.socket",
                                 "virtnwfilterd.socket",
                                 "virtsecretd.socket",
                                 "virtstoraged.socket",
                                 "virtinterfaced.socket",
                                 "virtproxyd.socket"};
    std::vector<Step> steps;
    if (!service.enabled) {
        for (const char* socket : sockets) {
            steps.emplace_back(ChangeUnit{UnitAction::enable, socket, true});
        }
        // A socket alone starts no VM and no network at boot, where nobody asks.
        for (const char* daemon : {"virtqemud.service", "virtnetworkd.service"}) {
            steps.emplace_back(ChangeUnit{UnitAction::enable, daemon, true});
        }
    }
    if (service.daemon != Daemon::running) {
        for (const char* socket : sockets) {
            steps.emplace_back(ChangeUnit{UnitAction::start, socket, true});
        }
        steps.emplace_back(ProveLibvirt{});
    }
    return steps;
}

}  // namespace kvmkit::setup
