// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// A line of modprobe's settings that keeps a module out.
struct ModprobeRule {
    std::string path;      ///< "etc/modprobe.d/blacklist.conf"
    std::string module;    ///< In the spelling of sys/module: "kvm_intel".
    bool forbids = false;  ///< "install MODULE /bin/false": not even by hand; else "blacklist": not by itself.
};

/// How the kernel was started and told to be.
struct KernelFacts {
    Fact<std::string> command_line{std::nullopt};                            ///< proc/cmdline
    Fact<std::map<std::string, std::string>> vulnerabilities{std::nullopt};  ///< "l1tf" -> "Not affected"; absent:
                                                                             ///< no such folder.
    Fact<std::string> lockdown{std::nullopt};                                ///< "none", "integrity", ...
    Fact<std::string> nx_huge_pages{std::nullopt};                           ///< kvm's parameter: "Y", "N", "never".
    std::vector<ModprobeRule> rules;                                         ///< Those about kvm's modules.
    Fact<std::uint64_t> feature_control{std::nullopt};  ///< MSR 0x3a or 0xc0010114 of CPU 0; absent: not readable here.
    bool tboot = false;                                 ///< The kernel shows tboot's log: it was started by it.
};

/// The rules of one file of modprobe.d about modules whose names begin so.
std::vector<ModprobeRule> parse_modprobe(std::string_view text, std::string_view beginning);

/// The lines of such a file that parse_modprobe() reads.
std::string modprobe_lines(std::string_view text, std::string_view beginning);

/// The word of a kernel's command line that gives this key, whole ("intel_iommu=off"), the last of several; '-' and '_'
/// are one. Absent: none.
std::optional<std::string> command_line_word(std::string_view command_line, std::string_view key);

}  // namespace kvmkit
