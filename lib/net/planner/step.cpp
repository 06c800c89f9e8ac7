// SPDX-License-Identifier: Apache-2.0
#include "net/planner/step.hpp"

#include "net/model/overloaded.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<Action>> action_words{"create-bridge",
                                                                                 "delete-bridge",
                                                                                 "attach",
                                                                                 "release",
                                                                                 "switch-up",
                                                                                 "switch-down",
                                                                                 "set-mtu",
                                                                                 "add-address",
                                                                                 "remove-address"};

}  // namespace

const LinkName& subject(const Action& action)
{
    const Overloaded name_of{
        [](const Attach& step) -> const LinkName& { return step.port; },
        [](const Release& step) -> const LinkName& { return step.port; },
        [](const auto& step) -> const LinkName& { return step.name; },
    };
    return std::visit(name_of, action);
}

std::string_view word(const Action& action) noexcept
{
    return action_words.at(action.index());
}

std::string describe(const Action& action)
{
    const Overloaded sentence{
        [](const CreateBridge& s) { return fmt::format("create bridge {} with MAC {}", s.name.str(), s.mac.str()); },
        [](const DeleteBridge& s) { return fmt::format("delete bridge {}", s.name.str()); },
        [](const Attach& s) { return fmt::format("attach {} to {}", s.port.str(), s.bridge.str()); },
        [](const Release& s) { return fmt::format("release {} from {}", s.port.str(), s.bridge.str()); },
        [](const SwitchUp& s) { return fmt::format("switch {} up", s.name.str()); },
        [](const SwitchDown& s) { return fmt::format("switch {} down", s.name.str()); },
        [](const SetMtu& s) { return fmt::format("set the MTU of {} to {}", s.name.str(), s.mtu); },
        [](const AddAddress& s) { return fmt::format("add address {} to {}", s.address.str(), s.name.str()); },
        [](const RemoveAddress& s) { return fmt::format("remove address {} from {}", s.address.str(), s.name.str()); },
    };
    return std::visit(sentence, action);
}

}  // namespace kvmkit::net
