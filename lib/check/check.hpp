// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// What it means for the host if a check fails.
enum class Severity {
    essential,  ///< No KVM guest can run.
    required,   ///< Guests run, but not as they should.
    advisory,   ///< Worth knowing; such a check warns and never fails.
};

/// "essential", "required" or "advisory".
std::string_view word(Severity severity) noexcept;

enum class Status { pass, warn, fail, skip, unknown };

/// "pass", "warn", "fail", "skip" or "unknown".
std::string_view word(Status status) noexcept;

/// Where a remedy is to be applied.
enum class Where { this_host, firmware, hypervisor, cloud_console };

/// The stable word: "this-host", "cloud-console".
std::string_view word(Where where) noexcept;

/// How to make a check pass.
struct Remedy {
    std::string summary;                     ///< What to do, as one imperative clause.
    std::vector<std::string> commands = {};  ///< Lines to copy, in order; empty where no command does it.
    Where where = Where::this_host;
};

/// What a check says about one host.
struct Verdict {
    Status status = Status::unknown;
    std::string evidence;  ///< The fact that decided it, with the path or the value; one clause.
    std::optional<Remedy> remedy = std::nullopt;
    std::string brief = {};  ///< In as few words as the first line of a report has room for; empty: nothing better.
    bool applies = true;     ///< False: nothing of the kind can be on this host, so that nobody can require it.
    std::optional<std::chrono::microseconds> took = std::nullopt;  ///< Of the guest that was run for it.
    std::optional<Remedy> if_required = std::nullopt;  ///< Of a skip: who requires the check takes it for a failure.
};

/// One row of the catalogue. A check only judges facts: no I/O, no logging, no printing.
struct Check {
    std::string_view id;  ///< Stable: scripts match on it.
    std::string_view title;
    Severity severity;
    std::array<std::string_view, 2> depends_on;  ///< Ids further up in the catalogue; unused ones are empty.
    Verdict (*judge)(const HostFacts& host);

    /// "kvm" of "kvm.module".
    [[nodiscard]] constexpr std::string_view group() const { return id.substr(0, id.find('.')); }
};

Verdict pass(std::string evidence);
Verdict warn(std::string evidence, std::optional<Remedy> remedy);
Verdict fail(std::string evidence, std::optional<Remedy> remedy);
Verdict in_brief(std::string brief, Verdict verdict);            ///< The same verdict with a text for the first line.
Verdict skip(std::string why);                                   ///< There is nothing to look at.
Verdict does_not_apply(std::string why);                         ///< There never is, on a host of this kind.
Verdict unneeded(std::string evidence, Remedy if_required);      ///< It is not so, which matters to who needs it.
Verdict timed(std::chrono::microseconds took, Verdict verdict);  ///< The same verdict with the time of its guest.
Verdict unknown(std::string evidence);
Verdict unknown(const Error& error);

/// One line of a report.
struct Finding {
    Check check;
    Verdict verdict;
    std::string because;  ///< Where another check is why it was skipped: the id of the one at the root. Else empty.
};

/// Judges the checks in order. One whose dependency failed is skipped and names the failure at the root; one that
/// cannot tell, as its dependency could not, is skipped likewise, and one that warns where its dependency warned: one
/// cause, one finding.
std::vector<Finding> judge(const HostFacts& host, std::span<const Check> checks);

}  // namespace kvmkit
