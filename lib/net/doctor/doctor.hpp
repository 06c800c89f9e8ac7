// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/doctor/facts.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

enum class Gravity {
    fault,    ///< Packets are lost now.
    risk,     ///< They will be, when something usual happens.
    unknown,  ///< Could not tell.
    note,     ///< Good to know; nothing is wrong.
};

/// "fault", "risk", "unknown", "note"
std::string_view word_of(Gravity gravity) noexcept;

/// One thing that the doctor found.
struct Finding {
    std::string_view id = {};  ///< "bridge.stp-delay": never renamed.
    Gravity gravity = Gravity::note;
    std::vector<std::string> links = {};     ///< Those that it is about.
    std::string message = {};                ///< What is so, with the values read.
    std::string why = {};                    ///< What comes of it.
    std::vector<std::string> commands = {};  ///< What mends it, in this order; none where no command of this host does.
    std::vector<std::string> keep = {};      ///< What makes that last over a boot; none: it lasts, or no file does it.
};

/// Looks for one kind of trouble and adds what it finds.
using Examine = void (*)(const DoctorFacts& facts, std::vector<Finding>& found);

/// The rows: bridges, ports, the host, who looks after it and comes in. Pure.
std::span<const Examine> bridge_examinations() noexcept;
std::span<const Examine> port_examinations() noexcept;
std::span<const Examine> host_examinations() noexcept;
std::span<const Examine> access_examinations() noexcept;

/// All findings, the gravest first.
std::vector<Finding> examine(const DoctorFacts& facts);

}  // namespace kvmkit::net
