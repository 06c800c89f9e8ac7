// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit {

/// Which host this is, in words that give nothing away: what a record of it is compared with.
struct MachineMark {
    std::string machine =
        {};                 ///< 32 digits of a hash of /etc/machine-id; empty where there is none, as in a fresh image.
    std::string name = {};  ///< As `uname -n` spells it.
    std::string kernel = {};  ///< As `uname -r` spells it.
    std::string boot = {};    ///< The kernel's id of this boot; empty where it is not to be had.
};

/// Of the running host. Needs no privilege.
MachineMark this_machine(const Root& root);

/// Where two hosts differ, by machine or, where one of them has no mark, by name: "machine 12ab..., here 34cd...".
/// Empty: it is the same host.
std::string other_host(const MachineMark& recorded, const MachineMark& here);

}  // namespace kvmkit
