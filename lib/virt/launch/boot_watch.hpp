// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// What shows that a guest has booted: anything it prints, or the ready line that guests of scripts/make-guest promise.
enum class BootSign { any_output, ready_line };

/// The sign to wait for: a kernel command line with a "kvmkit." word belongs to a guest that prints the ready line.
BootSign boot_sign_for(std::string_view kernel_command_line);

/// Reads a console and tells when the guest has booted, or that its kernel has panicked. Pure.
class BootWatch {
public:
    explicit BootWatch(BootSign wanted) : wanted_(wanted) {}

    void feed(std::string_view bytes);

    [[nodiscard]] bool booted() const noexcept { return booted_; }
    [[nodiscard]] bool panicked() const noexcept { return panicked_; }
    /// The ready line, if it came.
    [[nodiscard]] const std::optional<std::string>& ready_line() const noexcept { return ready_line_; }
    /// The last lines that are not blank, oldest first, without control characters.
    [[nodiscard]] std::vector<std::string> last_lines() const;

private:
    void end_line();

    BootSign wanted_;
    bool booted_ = false;
    bool panicked_ = false;
    std::optional<std::string> ready_line_;
    std::string line_;
    std::deque<std::string> lines_;
};

}  // namespace kvmkit::virt
