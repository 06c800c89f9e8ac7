// SPDX-License-Identifier: Apache-2.0
#include "setup/network_action.hpp"

namespace kvmkit::setup {

std::string_view word(NetworkAction action) noexcept
{
    switch (action) {
        case NetworkAction::start: return "start";
        case NetworkAction::stop: return "stop";
        case NetworkAction::autostart: return "autostart";
        case NetworkAction::no_autostart: return "no-autostart";
    }
    return "";
}

std::string_view phrase(NetworkAction action) noexcept
{
    switch (action) {
        case NetworkAction::start: return "start libvirt's network 'default'";
        case NetworkAction::stop: return "stop libvirt's network 'default'";
        case NetworkAction::autostart: return "start libvirt's network 'default' with libvirt from now on";
        case NetworkAction::no_autostart: return "start libvirt's network 'default' with libvirt no more";
    }
    return "";
}

std::optional<NetworkAction> read_network_action(std::string_view text) noexcept
{
    for (const auto action :
         {NetworkAction::start, NetworkAction::stop, NetworkAction::autostart, NetworkAction::no_autostart}) {
        if (word(action) == text) {
            return action;
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit::setup
