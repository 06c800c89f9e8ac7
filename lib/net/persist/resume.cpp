// SPDX-License-Identifier: Apache-2.0
#include "net/persist/resume.hpp"

#include "system/clock.hpp"
#include "txn/store.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// A change that was confirmed, and whoever was to write its files has died.
struct Waiting {
    txn::Record record;
    Keeping keeping;
};

struct Found {
    std::vector<Waiting> waiting = {};
    std::vector<std::string> damaged = {};
};

Result<Found> find_waiting(const txn::Places& places)
{
    const auto inventory = txn::read_records_in(places, "net-setup", txn::State::confirmed);
    if (!inventory) {
        return inventory.error();
    }
    Found found;
    for (const txn::Record& record : inventory->records) {
        if (txn::alive(record.owner)) {
            continue;
        }
        auto keeping = laid_down(record.directory);
        if (!keeping) {
            found.damaged.push_back(std::move(keeping).error().message);
        } else if (*keeping) {
            found.waiting.push_back({record, std::move(**keeping)});
        }
    }
    return found;
}

std::string told(const Waiting& one, const std::string& boot, EarlierBoots earlier)
{
    if (one.record.owner.boot_id != boot && earlier == EarlierBoots::give_up) {
        return fmt::format(
            "change {} ('{}') was confirmed, but the host went down before its files were written: this "
            "boot has the network of before",
            one.record.id,
            one.record.command);
    }
    return fmt::format("change {} was confirmed, and its files are written now", one.record.id);
}

/// One change: written or given up, and closed.
std::string finish(Waiting one, const PersistHost& host, const PersistRun& run, EarlierBoots earlier)
{
    const auto boot = boot_id();
    auto sentence = told(one, boot ? *boot : std::string{}, earlier);
    const bool given_up = boot && one.record.owner.boot_id != *boot && earlier == EarlierBoots::give_up;
    auto journal = txn::Journal::adopt(one.record);
    if (!journal) {
        return journal.error().message;
    }
    if (one.keeping.ended) {
        sentence.clear();
    } else if (!given_up) {
        const auto kept = fulfil(std::move(one.keeping), one.record.directory, host, run);
        sentence = kept.failure.empty()
                       ? std::move(sentence)
                       : fmt::format(
                             "change {} was confirmed, but its files are not written: {}", one.record.id, kept.failure);
    }
    (void)journal->enter(txn::State::closed);
    return sentence;
}

}  // namespace

Result<std::vector<std::string>> resume(const PersistHost& host, const PersistRun& run, EarlierBoots earlier)
{
    auto cleaned = recover_files(run.places, host);
    auto found = cleaned ? find_waiting(run.places) : Result<Found>{cleaned.error()};
    if (!found) {
        return std::move(found).error();
    }
    std::vector<std::string> sentences;
    for (const std::string& id : cleaned->undone) {
        sentences.push_back(txn::undone_sentence(id));
    }
    std::ranges::move(cleaned->failed, std::back_inserter(sentences));
    std::ranges::move(found->damaged, std::back_inserter(sentences));
    for (Waiting& one : found->waiting) {
        if (auto sentence = finish(std::move(one), host, run, earlier); !sentence.empty()) {
            sentences.push_back(std::move(sentence));
        }
    }
    return sentences;
}

Result<std::vector<std::string>> unfinished(const txn::Places& places)
{
    const auto files = txn::read_all_if_open(places, files_tool);
    auto found = files ? find_waiting(places) : Result<Found>{files.error()};
    if (!found) {
        return std::move(found).error();
    }
    std::vector<std::string> sentences = std::move(found->damaged);
    for (const txn::Record& record : txn::orphans(*files)) {
        sentences.push_back(fmt::format(
            "files of transaction {} ('{}') are half written: net-setup recover", record.id, record.command));
    }
    for (const Waiting& one : found->waiting) {
        if (!one.keeping.ended) {
            sentences.push_back(fmt::format(
                "change {} is confirmed, and its files are not written yet: net-setup recover", one.record.id));
        }
    }
    return sentences;
}

}  // namespace kvmkit::net
