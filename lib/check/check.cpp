// SPDX-License-Identifier: Apache-2.0
#include "check/check.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// The finding at the root of a dependency's trouble, if it is in trouble.
const Finding* trouble(const std::vector<Finding>& earlier, std::string_view id)
{
    const auto found = std::ranges::find(earlier, id, [](const Finding& finding) { return finding.check.id; });
    if (found == earlier.end()) {
        return nullptr;
    }
    if (found->verdict.status == Status::skip) {
        return trouble(earlier, found->because);
    }
    const bool well = found->verdict.status == Status::pass || found->verdict.status == Status::warn;
    return well ? nullptr : &*found;
}

Finding skipped(const Check& check, const Finding& root)
{
    const auto how = root.verdict.status == Status::fail ? "failed" : "could not be judged";
    return {check, {Status::skip, fmt::format("{} {}", root.check.id, how)}, std::string{root.check.id}};
}

/// A warning whose cause another warning has named already is no news.
const Finding* warned_dependency(const Check& check, const std::vector<Finding>& earlier)
{
    const auto found = std::ranges::find_if(earlier, [&check](const Finding& finding) {
        return finding.verdict.status == Status::warn &&
               std::ranges::find(check.depends_on, finding.check.id) != check.depends_on.end();
    });
    return found == earlier.end() ? nullptr : &*found;
}

Finding judge_one(const HostFacts& host, const Check& check, const std::vector<Finding>& earlier)
{
    const Finding* unsure = nullptr;
    for (const auto id : check.depends_on) {
        const Finding* root = trouble(earlier, id);
        if (root != nullptr && root->verdict.status == Status::fail) {
            return skipped(check, *root);
        }
        unsure = unsure == nullptr ? root : unsure;
    }
    Verdict verdict = check.judge(host);
    const Finding* warned = verdict.status == Status::warn ? warned_dependency(check, earlier) : nullptr;
    if (warned != nullptr) {
        return {check, {Status::skip, fmt::format("{} tells why", warned->check.id)}, std::string{warned->check.id}};
    }
    if (unsure != nullptr && verdict.status == Status::unknown) {
        return skipped(check, *unsure);
    }
    return {check, std::move(verdict), ""};
}

}  // namespace

std::string_view word(Severity severity) noexcept
{
    switch (severity) {
        case Severity::essential: return "essential";
        case Severity::required: return "required";
        case Severity::advisory: return "advisory";
    }
    return "advisory";
}

std::string_view word(Status status) noexcept
{
    switch (status) {
        case Status::pass: return "pass";
        case Status::warn: return "warn";
        case Status::fail: return "fail";
        case Status::skip: return "skip";
        case Status::unknown: return "unknown";
    }
    return "unknown";
}

std::string_view word(Where where) noexcept
{
    switch (where) {
        case Where::this_host: return "this-host";
        case Where::firmware: return "firmware";
        case Where::hypervisor: return "hypervisor";
        case Where::cloud_console: return "cloud-console";
    }
    return "this-host";
}

Verdict pass(std::string evidence)
{
    return {Status::pass, std::move(evidence)};
}

Verdict warn(std::string evidence, std::optional<Remedy> remedy)
{
    return {Status::warn, std::move(evidence), std::move(remedy)};
}

Verdict fail(std::string evidence, std::optional<Remedy> remedy)
{
    return {Status::fail, std::move(evidence), std::move(remedy)};
}

Verdict in_brief(std::string brief, Verdict verdict)
{
    verdict.brief = std::move(brief);
    return verdict;
}

Verdict skip(std::string why)
{
    return {Status::skip, std::move(why)};
}

Verdict does_not_apply(std::string why)
{
    Verdict verdict = skip(std::move(why));
    verdict.applies = false;
    return verdict;
}

Verdict unneeded(std::string evidence, Remedy if_required)
{
    Verdict verdict = skip(std::move(evidence));
    verdict.if_required = std::move(if_required);
    return verdict;
}

Verdict timed(std::chrono::microseconds took, Verdict verdict)
{
    verdict.took = took;
    return verdict;
}

Verdict unknown(std::string evidence)
{
    return {Status::unknown, std::move(evidence)};
}

Verdict unknown(const Error& error)
{
    Verdict verdict{Status::unknown, error.message};
    if (!error.hint.empty()) {
        verdict.remedy = Remedy{.summary = error.hint};
    }
    return verdict;
}

std::vector<Finding> judge(const HostFacts& host, std::span<const Check> checks)
{
    std::vector<Finding> findings;
    for (const Check& check : checks) {
        findings.push_back(judge_one(host, check, findings));
    }
    return findings;
}

}  // namespace kvmkit
