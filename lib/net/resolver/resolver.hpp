// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/desired.hpp"
#include "net/planner/step.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>

namespace kvmkit::net {

/// What programs of this host ask for names, and who writes that down.
struct ResolverState {
    DesiredResolver now = {};
    std::string keeper = {};    ///< "systemd-resolved": it would write the file again; empty: nobody does.
    std::string evidence = {};  ///< What says so: "/etc/resolv.conf leads to /run/systemd/resolve/stub-resolv.conf".
    std::optional<std::string> bytes = {};  ///< Of /etc/resolv.conf; absent: there is none.
};

/// Reads /etc/resolv.conf below the root.
ResolverState read_resolver(const Root& root);

/// What a text of resolv.conf asks for.
DesiredResolver parse_resolver(std::string_view text);

/// Whether two ask the same servers, in the same order, with the same search list and options.
bool same_resolver(const DesiredResolver& one, const DesiredResolver& other);

/// The text that asks for this; comments and lines of other kinds stay.
std::string resolver_text(std::string_view old, const DesiredResolver& wanted);

/// Why the host's name servers cannot be set here; absent: they can.
std::optional<Error> resolver_refusal(const ResolverState& state, const DesiredResolver& wanted);

/// Whether /etc/resolv.conf is still what the step found.
bool is_before(const SetResolver& step);

/// Makes the step. ErrorCode::refused: somebody else has changed the file meanwhile.
Result<void> write_resolver(const SetResolver& step);

}  // namespace kvmkit::net
