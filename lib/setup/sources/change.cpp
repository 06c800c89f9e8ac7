// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/change.hpp"

#include "setup/file_step.hpp"
#include "setup/sources/measure.hpp"
#include "setup/sources/original.hpp"
#include "setup/sources/proof.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr mode_t only_root = 0600;

/// The vendor's security archive beside a mirror's main one: "/debian/" -> "/debian-security/".
std::string security_beside(const std::string& archive, const ArchiveKinds& kinds)
{
    if (kinds.security == kinds.main) {
        return archive;
    }
    constexpr std::string_view tail = "/debian/";
    return archive.ends_with(tail) ? archive.substr(0, archive.size() - 1) + "-security/" : std::string{};
}

Result<SwitchWish> wish_of(const MirrorOrder& order, const MirrorCatalogue& catalogue, const ArchiveKinds& kinds)
{
    SwitchWish wish;
    if (const Mirror* mirror = catalogue.find(order.mirror); mirror != nullptr) {
        wish = {mirror->archive(kinds.main), mirror->archive(kinds.security)};
        if (wish.archive.empty()) {
            return Error{ErrorCode::not_found,
                         fmt::format("cannot use mirror '{}': it has no archive '{}'", order.mirror, kinds.main),
                         "those that have: host-setup mirror list"};
        }
    } else {
        auto archive = parse_archive_uri(order.mirror);
        if (!archive) {
            return std::move(archive).error();
        }
        wish.security = security_beside(*archive, kinds);
        wish.archive = std::move(*archive);
    }
    if (!order.security) {
        wish.security.clear();
    } else if (wish.security.empty()) {
        return Error{
            ErrorCode::not_found,
            fmt::format("cannot use mirror '{}' for security updates: it is not known to have them", order.mirror),
            "leave out --security: they then stay with their vendor, who has them first"};
    }
    return wish;
}

/// The files' steps between the two that frame them, and the record of what was there before the first change.
Result<std::vector<Step>> switch_steps(const Root& root, const SwitchPlan& plan, MirrorPlan& into)
{
    auto original = read_original_sources(root);
    if (!original) {
        return std::move(original).error();
    }
    std::vector<Step> steps{RefreshOnUndo{}};
    for (const ChangedSource& changed : plan.files) {
        auto wanted = keeping_look(root, changed.path, changed.text);
        auto before = wanted ? inverse_of(root, *wanted) : Result<SetFile>{wanted.error()};
        if (!before) {
            return std::move(before).error();
        }
        const auto known = std::ranges::find(original->files, changed.path, &SetFile::path);
        if (known == original->files.end()) {
            original->files.push_back(std::move(*before));
        } else if (known->over == fingerprint(before->bytes)) {
            known->over = before->over;
        } else {
            into.notes.push_back(
                fmt::format("/{} was edited since: restore will go back to it as it is now", changed.path));
            *known = std::move(*before);
        }
        steps.emplace_back(std::move(*wanted));
    }
    steps.emplace_back(SetFile{.path = original_sources_path, .bytes = text_of(*original), .mode = only_root});
    steps.emplace_back(ProveSources{into.wish.archive});
    return steps;
}

Result<MirrorPlan> plan_restore(const Root& root)
{
    const auto original = read_original_sources(root);
    if (!original) {
        return original.error();
    }
    MirrorPlan plan{.steps = {}};
    if (original->files.empty()) {
        plan.notes.emplace_back("host-setup has not changed apt's sources");
        return plan;
    }
    plan.steps.emplace_back(RefreshOnUndo{});
    for (const SetFile& file : original->files) {
        const auto now = root.read(file.path);
        if (!now) {
            return now.error();
        }
        if (fingerprint(*now) != file.over) {
            return Error{ErrorCode::refused,
                         fmt::format("refused to restore '/{}': it was edited after host-setup changed it", file.path),
                         fmt::format("what it was is in /{}: take it over by hand", original_sources_path)};
        }
        SetFile back = file;
        back.over.clear();
        plan.steps.emplace_back(std::move(back));
    }
    plan.steps.emplace_back(SetFile{.path = original_sources_path, .bytes = std::nullopt, .mode = only_root});
    plan.steps.emplace_back(RefreshLists{});
    return plan;
}

/// Where a release that a mirror lacks is served; empty: by nobody who was asked.
std::string where_it_went(const Fetcher& fetcher,
                          const MirrorCatalogue& catalogue,
                          const std::string& kind,
                          const MeasureOrder& order)
{
    const auto ended = catalogue.ended.find(kind);
    const bool there = ended != catalogue.ended.end() && has_release(fetcher, ended->second, order).has_value();
    return there ? ended->second : std::string{};
}

/// A release that has ended is not where it was: asked for before apt is, whose own words do not say so.
Result<void> probe_release(const ProofGround& ground,
                           const Host& host,
                           const SwitchWish& wish,
                           const Workshop& workshop)
{
    const auto root = Root::open(ground.top);
    auto settings = apt_settings(ground.runner);
    const auto folder = workshop.folder("probe");
    const auto catalogue = root ? load_mirrors(*root, ground.shipped) : Result<MirrorCatalogue>{root.error()};
    if (!settings || !folder || !catalogue) {
        return !settings ? settings.error() : (!folder ? folder.error() : catalogue.error());
    }
    const Fetcher fetcher{ground.runner, std::move(*settings)};
    const MeasureOrder order{host.distribution.suite, *folder};
    const auto there = has_release(fetcher, wish.archive, order);
    if (there || there.error().code != ErrorCode::not_found) {
        return {};  // what else is wrong with it, apt tells best
    }
    const auto kind = archive_kinds(host.distribution, host.architecture).main;
    const auto archive = where_it_went(fetcher, *catalogue, kind, order);
    auto error = unusable(
        wish.archive,
        fmt::format("it does not have release '{}'", host.distribution.suite),
        "",
        archive.empty() ? ""
                        : fmt::format("the release has ended and is kept at {0}: host-setup mirror use {0}", archive));
    error.code = ErrorCode::not_found;
    return error;
}

}  // namespace

Result<MirrorPlan> plan_mirror(const Root& root, const Host& host, const MirrorOrder& order)
{
    if (host.distribution.installer != Installer::apt) {
        return Error{
            ErrorCode::refused,
            fmt::format("refused to turn to a mirror: this version changes apt's sources alone, not those of {}",
                        word(host.distribution.installer)),
            "host-setup apply without component mirror"};
    }
    if (order.mirror.empty()) {
        return plan_restore(root);
    }
    const auto catalogue = load_mirrors(root, order.shipped);
    if (!catalogue) {
        return catalogue.error();
    }
    auto wish = wish_of(order, *catalogue, archive_kinds(host.distribution, host.architecture));
    const auto files = wish ? read_sources(root) : Result<std::vector<SourceFile>>{wish.error()};
    if (!files) {
        return files.error();
    }
    const SourceOwner owner{root, host.distribution, *catalogue};
    auto planned = plan_switch(
        *files, host.distribution, [&owner](const SourceEntry& entry) { return owner.is_distributions(entry); }, *wish);
    if (planned.entries == 0) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot find the archive of '{}' in apt's sources{}{}",
                                 host.distribution.suite,
                                 planned.notes.empty() ? "" : ": ",
                                 fmt::join(planned.notes, "; ")),
                     "run apt-get update first: what was never fetched is not known to be the distribution's"};
    }
    MirrorPlan plan{std::move(*wish), {}, std::move(planned.to_prove), planned.notes};
    if (!planned.files.empty()) {
        auto steps = switch_steps(root, planned, plan);
        if (!steps) {
            return std::move(steps).error();
        }
        plan.steps = std::move(*steps);
    }
    return plan;
}

Result<void> prove_mirror(const ProofGround& ground,
                          const Host& host,
                          const MirrorPlan& plan,
                          const std::vector<std::string>& packages)
{
    if (plan.wish.archive.empty() || plan.steps.empty()) {
        return {};
    }
    const auto workshop = Workshop::open(ground.top, "mirror-proof");
    if (!workshop) {
        return workshop.error();
    }
    if (auto there = probe_release(ground, host, plan.wish, *workshop); !there) {
        return there;
    }
    return prove_sources(ground.runner, *workshop, {plan.wish.archive, plan.to_prove, packages});
}

}  // namespace kvmkit::setup
