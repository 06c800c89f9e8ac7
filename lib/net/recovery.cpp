// SPDX-License-Identifier: Apache-2.0
#include "net/recovery.hpp"

#include "net/nm/checkpoint.hpp"
#include "system/clock.hpp"
#include "txn/execute.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// Where the steps of a transaction were made; absent if it has none to undo.
std::optional<NetNamespace> namespace_of(const txn::Record& record)
{
    for (const txn::StepRecord& step : record.steps) {
        if (!step.undone && !step.undo.empty()) {
            return net::namespace_of(step.undo);
        }
    }
    return std::nullopt;
}

/// Of the changes of the same boot and namespace.
const txn::Record* built_upon(const txn::Inventory& inventory, const txn::Record& record, const NetNamespace& space)
{
    return txn::built_upon(inventory, record, [&](const txn::Record& each) {
        const auto place = each.owner.boot_id == record.owner.boot_id ? namespace_of(each) : std::nullopt;
        return place && place->is_same(space);
    });
}

/// `net-setup recover` knows of this namespace alone.
std::string way_to_end(const NetNamespace& space, const txn::Record* above)
{
    const auto there = space.name.empty() ? "" : " --netns " + space.name;
    const auto first = above != nullptr ? fmt::format("net-setup undo {}{}; then: ", above->id, there) : "";
    return first + (above != nullptr && there.empty() ? "net-setup recover" : "net-setup rollback" + there);
}

std::string sentence_about(const txn::Record& record, const NetNamespace& space)
{
    const auto where = space.name.empty()
                           ? fmt::format("another network namespace (net:[{}])", space.inode)
                           : fmt::format("network namespace '{0}': run net-setup there (--netns {0})", space.name);
    return fmt::format(
        "an earlier run ('{}') was killed half-way; what it made can only be undone in {}", record.command, where);
}

class Recoverer {
public:
    Recoverer(LinkDomain& domain, std::string boot, const txn::Inventory& inventory)
        : domain_(domain), boot_(std::move(boot)), inventory_(inventory)
    {
    }

    void take(const txn::Record& orphan)
    {
        const auto space = namespace_of(orphan);
        const bool nothing_left = orphan.owner.boot_id != boot_ || !space || is_gone(*space);
        if (!nothing_left && !space->is_same(domain_.here())) {
            recovery_.elsewhere.push_back(sentence_about(orphan, *space));
            return;
        }
        const auto* above = nothing_left ? nullptr : built_upon(inventory_, orphan, *space);
        if (above != nullptr) {
            recovery_.failed.push_back(
                fmt::format("{} ({})", txn::staying_sentence(orphan, *above), way_to_end(*space, above)));
            return;
        }
        auto journal = txn::Journal::adopt(orphan);
        if (!journal) {
            recovery_.failed.push_back(journal.error().message);
            return;
        }
        if (nothing_left) {
            (void)journal->enter(txn::State::rolled_back);
            return;
        }
        const auto left = txn::roll_back(*journal, domain_);
        end_checkpoint(orphan.directory, left);
        if (left.empty()) {
            recovery_.undone.push_back(orphan.id);
        }
        recovery_.failed.insert(recovery_.failed.end(), left.begin(), left.end());
    }

    Recovery recovery_;

private:
    LinkDomain& domain_;
    std::string boot_;
    const txn::Inventory& inventory_;
};

std::string_view what_happened(txn::State state)
{
    switch (state) {
        case txn::State::damaged: return "could not be undone altogether";
        case txn::State::rolling_back: return "was killed while it was undone";
        default: return "was killed half-way";
    }
}

}  // namespace

Result<Recovery> undo_orphans(const txn::Places& places, const std::string& tool, LinkDomain& domain)
{
    const auto inventory = txn::read_all_if_open(places, tool);
    auto boot = boot_id();
    if (!inventory || !boot) {
        return !inventory ? inventory.error() : std::move(boot).error();
    }
    Recoverer recoverer{domain, std::move(*boot), *inventory};
    recoverer.recovery_.failed = inventory->damaged;
    for (const txn::Record& orphan : txn::orphans(*inventory)) {
        recoverer.take(orphan);
    }
    return std::move(recoverer.recovery_);
}

std::vector<std::string> sentences(const Recovery& recovery)
{
    std::vector<std::string> all;
    std::ranges::transform(recovery.undone, std::back_inserter(all), txn::undone_sentence);
    std::ranges::copy(recovery.elsewhere, std::back_inserter(all));
    std::ranges::copy(recovery.failed, std::back_inserter(all));
    return all;
}

Result<std::vector<std::string>> half_made(const txn::Places& places, const std::string& tool)
{
    const auto inventory = txn::read_all_if_open(places, tool);
    const auto boot = boot_id();
    if (!inventory || !boot) {
        return !inventory ? inventory.error() : boot.error();
    }
    std::vector<std::string> sentences;
    for (const txn::Record& orphan : txn::orphans(*inventory)) {
        const auto space = namespace_of(orphan);
        if (orphan.owner.boot_id == *boot && space && !is_gone(*space)) {
            sentences.push_back(fmt::format("change {} ('{}') {}: {}",
                                            orphan.id,
                                            orphan.command,
                                            what_happened(orphan.state),
                                            way_to_end(*space, built_upon(*inventory, orphan, *space))));
        }
    }
    return sentences;
}

}  // namespace kvmkit::net
