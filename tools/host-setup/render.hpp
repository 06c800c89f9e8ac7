// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "cli/json.hpp"
#include "setup/apply.hpp"
#include "setup/host.hpp"
#include "setup/plan.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace kvmkit::host_setup {

/// The parts that the records of all commands share. docs/schema/ describes them.
cli::Json host_record(const setup::Host& host);
cli::Json service_record(const setup::ServiceState& service);
cli::Json device_record(const setup::KvmDevice& device);
cli::Json network_record(const setup::NetworkSurroundings& surroundings);
cli::Json price_record(const std::optional<setup::Price>& price);
cli::Json components_record(const setup::Components& components);
cli::Json steps_record(const std::vector<setup::Step>& steps);

/// A version, or null where there is none.
cli::Json text_or_null(const std::optional<std::string>& text);

/// "Debian GNU/Linux 12 (bookworm), amd64"
/// "changed", "transaction", "steps" and "notes" of root's login.
cli::Json root_login_record(const setup::RootLoginDone& done);

std::string title(const setup::Host& host);

/// Prints a plan for people; the price is left out where it is not known.
void print_plan(const cli::Console& console, const setup::Plan& plan, const std::optional<setup::Price>& price);

/// Prints each note on a line of its own, to standard output.
void print_notes(const cli::Console& console, const std::vector<std::string>& notes);

/// Prints why a reboot is needed, if it is.
void print_reboot(const cli::Console& console, const std::vector<std::string>& reasons);

}  // namespace kvmkit::host_setup
