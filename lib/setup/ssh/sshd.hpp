// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <string>
#include <string_view>

namespace kvmkit::setup {

/// Has a service read its files again without ending what it serves: systemctl reload, or SIGHUP to the sshd of
/// run/sshd.pid where no systemd runs. Who logs in after that is served by what was read. One that does not run reads
/// them when it starts; one that a socket starts is stopped, so that the next login starts it. Root.
Result<void> reload_service(Runner& runner, const Root& root, const std::string& unit);

/// Makes /run/sshd where it is missing, as the service does before it starts: without it older ones answer nothing.
/// Root.
Result<void> prepare_sshd(const Root& root);

/// Runs `sshd -t`. ErrorCode::unsupported: it answers nothing, see prepare_sshd(). Changes nothing. Root.
Result<void> check_sshd(Runner& runner);

/// What sshd would let root do from an address: the value of permitrootlogin of `sshd -T -C`, in today's spelling
/// ("prohibit-password" for "without-password"). Root.
Result<std::string> permitted_root_login(Runner& runner, const std::string& address);

/// One setting of the text of `sshd -T`; empty if it is not there.
std::string sshd_value(std::string_view text, std::string_view name);

/// prepare_sshd, check_sshd and permitted_root_login as a proof: rolled_back if the answer is another one.
Result<void> prove_root_login(Runner& runner, const Root& root, const ProveRootLogin& proof);

/// "ssh.service" on Debian and Ubuntu; sshd.service is no more than an alias there, and absent while ssh.service is
/// off.
constexpr const char* ssh_unit = "ssh.service";

}  // namespace kvmkit::setup
