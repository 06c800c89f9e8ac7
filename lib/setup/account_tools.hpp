// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/step.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// The programs that change accounts: shadow's, or busybox's on Alpine.
struct AccountTools {
    using Argv = std::vector<std::string>;
    bool shadow = true;

    [[nodiscard]] Argv add_group(const std::string& name) const
    {
        return shadow ? Argv{"groupadd", "--system", name} : Argv{"addgroup", "-S", name};
    }
    [[nodiscard]] Argv remove_group(const std::string& name) const { return {shadow ? "groupdel" : "delgroup", name}; }
    [[nodiscard]] Argv add_member(const AddMember& member) const
    {
        return shadow ? Argv{"usermod", "-aG", member.group, member.user} : Argv{"addgroup", member.user, member.group};
    }
    [[nodiscard]] Argv remove_member(const RemoveMember& member) const
    {
        return shadow ? Argv{"gpasswd", "-d", member.user, member.group} : Argv{"delgroup", member.user, member.group};
    }
};

}  // namespace kvmkit::setup
