// SPDX-License-Identifier: Apache-2.0
#include "facts/network.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kvmkit {

std::string right_shape(unsigned minor)
{
    return fmt::format("character device 10:{}", minor);
}

NamedNode node_shaped(std::string shape, unsigned minor)
{
    const bool right = shape == right_shape(minor);
    return {right ? NodeState::right : NodeState::wrong, std::move(shape)};
}

bool lists_module(std::string_view modules, std::string_view name)
{
    const auto all = lines(modules);
    return std::ranges::any_of(all, [name](std::string_view line) {
        // modules.dep: "kernel/drivers/vhost/vhost_net.ko.xz: kernel/drivers/..."; modules.builtin: the path alone.
        const auto path = line.substr(0, line.find(':'));
        const auto file = path.substr(path.rfind('/') + 1);
        auto stem = std::string{file.substr(0, file.find(".ko"))};
        std::ranges::replace(stem, '-', '_');
        return stem == name;
    });
}

}  // namespace kvmkit
