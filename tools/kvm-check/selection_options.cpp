// SPDX-License-Identifier: Apache-2.0
#include "selection_options.hpp"

#include "base/suggest.hpp"
#include "base/text.hpp"
#include "check/catalogue.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::kvm_check {
namespace {

/// The ids and the groups: all that --only takes.
std::vector<std::string> check_words(std::span<const Check> checks)
{
    CheckIds all;
    for (const Check& check : checks) {
        all.emplace(check.id);
        all.emplace(check.id.substr(0, check.id.find('.')));
    }
    return {all.begin(), all.end()};
}

Error unknown_word(std::string_view kind, std::string_view word, const std::vector<std::string>& known)
{
    const auto meant = did_you_mean(word, known);
    return {ErrorCode::usage,
            fmt::format("unknown {} '{}'", kind, word),
            meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("known are: {}", fmt::join(known, ", "))};
}

/// "kvm.api,nested" -> the ids; the option may be given more than once.
Result<CheckIds> ids_of(const cli::Arguments& arguments, const char* option, std::span<const Check> checks)
{
    CheckIds ids;
    for (const auto& list : arguments.list(option)) {
        for (const auto word : split(list, ',')) {
            CheckIds named = checks_named(checks, trim(word));
            if (named.empty()) {
                return unknown_word("check", trim(word), check_words(checks));
            }
            ids.merge(named);
        }
    }
    return ids;
}

Result<CheckIds> ids_of_purpose(const cli::Arguments& arguments, std::span<const Check> checks)
{
    CheckIds ids;
    const auto name = arguments.maybe("for");
    if (!name) {
        return ids;
    }
    const auto profile = std::ranges::find(profiles(), *name, &Profile::name);
    if (profile == profiles().end()) {
        std::vector<std::string> known;
        for (const Profile& row : profiles()) {
            known.emplace_back(row.name);
        }
        return unknown_word("purpose", *name, known);
    }
    for (const auto word : profile->require) {
        ids.merge(checks_named(checks, word));
    }
    return ids;
}

Result<void> check_for_contradiction(const Selection& selection, std::span<const Check> checks)
{
    for (const auto& id : selection.skip) {
        if (selection.require.contains(id)) {
            return Error{ErrorCode::usage, fmt::format("{} is both to be skipped and required", id)};
        }
    }
    const bool any = std::ranges::any_of(checks, [&](const Check& check) {
        const bool chosen =
            selection.only.empty() || selection.only.contains(check.id) || selection.require.contains(check.id);
        return chosen && !selection.skip.contains(check.id);
    });
    return any ? Result<void>{} : Error{ErrorCode::usage, "no check is left to be judged"};
}

}  // namespace

void declare_selection(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    const auto list = [] { return po::value<std::vector<std::string>>()->value_name("ID,..."); };
    add("only", list(), "judge these checks or groups of checks, and what they depend on")(
        "skip", list(), "leave these checks out")(
        "require", list(), "let these checks count, although they only warn otherwise")("strict",
                                                                                        "let every warning count")(
        "for",
        po::value<std::string>()->value_name("PURPOSE"),
        "what the host shall do: kvm, nested, libvirt, passthrough, openstack-compute");
}

Result<Selection> read_selection(const cli::Arguments& arguments)
{
    const auto checks = catalogue();
    auto only = ids_of(arguments, "only", checks);
    auto skip = ids_of(arguments, "skip", checks);
    auto require = ids_of(arguments, "require", checks);
    auto purpose = ids_of_purpose(arguments, checks);
    for (const auto* ids : {&only, &skip, &require, &purpose}) {
        if (!*ids) {
            return ids->error();
        }
    }
    Selection selection{std::move(*only), std::move(*skip), std::move(*require), arguments.has("strict")};
    selection.require.merge(*purpose);
    if (auto sound = check_for_contradiction(selection, checks); !sound) {
        return sound.error();
    }
    return selection;
}

}  // namespace kvmkit::kvm_check
