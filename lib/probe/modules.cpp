// SPDX-License-Identifier: Apache-2.0
#include "probe/modules.hpp"

#include "facts/network.hpp"
#include "system/small_files.hpp"

#include <fmt/format.h>

namespace kvmkit {

ModuleState find_module(const Root& root, const std::string& name)
{
    if (root.exists(fmt::format("sys/module/{}", name))) {
        return ModuleState::present;
    }
    const auto release = trimmed(root, "proc/sys/kernel/osrelease");
    if (!release || !*release) {
        return ModuleState::untold;
    }
    bool looked = false;
    for (const auto* list : {"modules.builtin", "modules.dep"}) {
        const auto text = root.read(fmt::format("lib/modules/{}/{}", **release, list));
        if (!text || !*text) {
            continue;
        }
        looked = true;
        if (lists_module(**text, name)) {
            return std::string_view{list} == "modules.dep" ? ModuleState::loadable : ModuleState::present;
        }
    }
    return looked ? ModuleState::missing : ModuleState::untold;
}

}  // namespace kvmkit
