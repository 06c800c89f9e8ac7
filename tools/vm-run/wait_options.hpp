// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/tool.hpp"
#include "virt/spec/nic.hpp"

#include <chrono>
#include <string_view>
#include <vector>

namespace kvmkit::vm_run {

/// What shows that a VM is ready, in the order in which a boot gets there.
enum class Wait { none, boot, ip, agent, ssh, cloud_init, off };

/// "none", "boot", "ip", "agent", "ssh", "cloud-init", "off"
std::string_view word(Wait wait) noexcept;

/// What becomes of a VM that is kept and was not ready in time, or ended while it was waited for.
enum class OnFail { keep, rollback };

struct WaitOptions {
    Wait wait = Wait::boot;
    std::chrono::milliseconds timeout{0};
    OnFail on_fail = OnFail::keep;
};

/// Whether a call from outside reaches a VM with these cards by ssh: QEMU's own NAT lets none in but by a forward.
bool can_be_called(const std::vector<virt::Nic>& nics);

/// --wait, --timeout and --on-fail of launch.
void declare_wait(cli::po::options_description_easy_init& add);
Result<WaitOptions> read_wait(const cli::Arguments& arguments);
/// ErrorCode::usage where a VM with these cards cannot be called, and it is waited for that.
Result<void> check_calls(Wait wait, const std::vector<virt::Nic>& nics);

/// All words of --wait and --for.
std::vector<std::string> wait_words();

/// Reads the word of --wait or --for.
Result<Wait> parse_wait(const std::string& text);

}  // namespace kvmkit::vm_run
