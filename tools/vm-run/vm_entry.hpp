// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/state/spot.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::vm_run {

/// How a file says what an option says.
enum class Form { text, list, toggle, toggle_or_text };

/// An option of launch that an entry of a file may have as a key.
struct VmKey {
    std::string_view option;
    Form form = Form::text;
    std::string_view partner = {};  ///< The option without which it means nothing, or something else.
};

/// All of them.
std::span<const VmKey> vm_keys();

/// One word for an option, and where it stands.
struct Saying {
    net::Spot spot;
    std::string word;  ///< "--memory=2G"
};

/// One option as an entry has it.
struct Setting {
    const VmKey* key = nullptr;
    std::vector<Saying> sayings = {};  ///< None: switched off.
};

/// A map of options.
struct VmEntry {
    net::Spot spot;
    std::optional<net::Spot> name = std::nullopt;
    std::vector<Setting> settings = {};

    [[nodiscard]] const Setting* find(std::string_view option) const;
};

/// Reads the keys of an entry; what is wrong with them is told at their places. `named`: it has a name.
VmEntry read_entry_keys(const net::Spot& spot, bool named);

/// What the entry leaves unsaid is said by the other one.
void complete(VmEntry& entry, const VmEntry& defaults);

}  // namespace kvmkit::vm_run
