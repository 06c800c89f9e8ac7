// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/change.hpp"

#include "setup/file_step.hpp"
#include "setup/sources/ended.hpp"
#include "setup/sources/measure.hpp"
#include "setup/sources/original.hpp"
#include "setup/sources/pacman_switch.hpp"
#include "setup/sources/proof.hpp"
#include "setup/sources/repo_proof.hpp"
#include "setup/sources/repo_switch.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr mode_t only_root = 0600;

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

/// "apt's sources", "dnf's repositories".
std::string sources_of(Installer installer)
{
    return fmt::format("{}'s {}", word(installer), installer == Installer::apt ? "sources" : "repositories");
}

Result<SwitchPlan> plan_apt_switch(const Root& root,
                                   const Distribution& distribution,
                                   const MirrorCatalogue& catalogue,
                                   const SwitchWish& wish)
{
    const auto files = read_sources(root);
    if (!files) {
        return files.error();
    }
    const SourceOwner owner{root, distribution, catalogue};
    return plan_switch(
        *files, distribution, [&owner](const SourceEntry& entry) { return owner.is_distributions(entry); }, wish);
}

Result<SwitchPlan> plan_switch_of_host(const Root& root,
                                       const Distribution& distribution,
                                       const MirrorCatalogue& catalogue,
                                       const SwitchWish& wish)
{
    if (distribution.installer == Installer::apt) {
        return plan_apt_switch(root, distribution, catalogue, wish);
    }
    if (distribution.installer == Installer::pacman) {
        const auto sources = read_pacman_sources(root);
        return sources ? Result<SwitchPlan>{plan_pacman_switch(*sources, wish)} : sources.error();
    }
    const auto files = read_repo_files(root, distribution.installer);
    const auto original = files ? read_original_sources(root) : Result<OriginalSources>{files.error()};
    if (!original) {
        return original.error();
    }
    return plan_repo_switch(*files, RepositoryOwner{distribution, catalogue}, *original, wish);
}

/// Nothing of the host's sources can be moved.
Error nothing_to_move(const Distribution& distribution, const std::vector<std::string>& notes)
{
    const bool apt = distribution.installer == Installer::apt;
    return {ErrorCode::not_found,
            fmt::format("cannot find the {} of '{}' in {}{}{}",
                        apt ? "archive" : "repositories",
                        apt ? distribution.suite : distribution.name,
                        sources_of(distribution.installer),
                        notes.empty() ? "" : ": ",
                        fmt::join(notes, "; ")),
            apt ? "run apt-get update first: what was never fetched is not known to be the distribution's"
                : "the distribution's own are told by their addresses and keys; they must be enabled, and written by "
                  "no service "
                  "of zypper's (zypper modifyservice --disable NAME, then zypper addrepo)"};
}

/// The files' steps between the two that frame them, and the record of what was there before the first change.
Result<std::vector<Step>> switch_steps(const Root& root, Installer installer, const SwitchPlan& plan, MirrorPlan& into)
{
    auto original = read_original_sources(root);
    if (!original) {
        return std::move(original).error();
    }
    // The others fetch by themselves what a repository's new address asks for; and a vendor who cannot be reached must
    // not keep the old bytes from coming back.
    std::vector<Step> steps;
    if (installer == Installer::apt) {
        steps.emplace_back(RefreshOnUndo{});
    }
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

Result<MirrorPlan> plan_restore(const Root& root, Installer installer)
{
    const auto original = read_original_sources(root);
    if (!original) {
        return original.error();
    }
    MirrorPlan plan{.steps = {}};
    if (original->files.empty()) {
        plan.notes.push_back(fmt::format("host-setup has not changed {}", sources_of(installer)));
        return plan;
    }
    if (installer == Installer::apt) {
        plan.steps.emplace_back(RefreshOnUndo{});
    }
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
    if (installer == Installer::apt) {
        plan.steps.emplace_back(RefreshLists{});
    }
    return plan;
}

/// A release that has ended is not where it was: asked for before the package manager is, whose own words do not say
/// so.
Result<void> probe_release(const ProofGround& ground,
                           const Host& host,
                           const SwitchWish& wish,
                           const Workshop& workshop)
{
    const auto root = Root::open(ground.top);
    const auto fetcher = open_fetcher(host.distribution.installer, ground.runner);
    const auto folder = workshop.folder("probe");
    const auto catalogue = root ? load_mirrors(*root, ground.shipped) : Result<MirrorCatalogue>{root.error()};
    if (!fetcher || !folder || !catalogue) {
        return !fetcher ? fetcher.error() : (!folder ? folder.error() : catalogue.error());
    }
    const MeasureOrder order{release_mark(host.distribution, host.architecture), *folder};
    const auto there = has_release(**fetcher, wish.archive, order);
    if (there || there.error().code != ErrorCode::not_found) {
        return {};  // what else is wrong with it, the package manager tells best
    }
    const auto kinds = archive_kinds(host.distribution, host.architecture);
    const auto ended = find_ended(**fetcher, *catalogue, kinds, order);
    auto error =
        unusable(wish.archive,
                 fmt::format("it does not have release '{}'", order.release.name),
                 "",
                 ended ? fmt::format("the release has ended and is kept at {}: {}", ended->archive, ended->use()) : "");
    error.code = ErrorCode::not_found;
    return error;
}

}  // namespace

Result<MirrorPlan> plan_mirror(const Root& root, const Host& host, const MirrorOrder& order)
{
    const Distribution& distribution = host.distribution;
    const auto kinds = archive_kinds(distribution, host.architecture);
    if (kinds.main.empty()) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to turn to a mirror: no public mirror of '{}' is known", distribution.name),
                     "host-setup apply without component mirror"};
    }
    if (order.mirror.empty()) {
        return plan_restore(root, distribution.installer);
    }
    const auto catalogue = load_mirrors(root, order.shipped);
    if (!catalogue) {
        return catalogue.error();
    }
    auto wish = wish_of(order, *catalogue, kinds);
    auto planned = wish ? plan_switch_of_host(root, distribution, *catalogue, *wish) : Result<SwitchPlan>{wish.error()};
    if (!planned) {
        return std::move(planned).error();
    }
    if (planned->entries == 0) {
        return nothing_to_move(distribution, planned->notes);
    }
    MirrorPlan plan{std::move(*wish), {}, std::move(planned->to_prove), planned->notes};
    if (!planned->files.empty()) {
        auto steps = switch_steps(root, distribution.installer, *planned, plan);
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
    const ProofOrder order{plan.wish.archive, plan.to_prove, packages, ground.limits};
    const auto installer = host.distribution.installer;
    return installer == Installer::apt ? prove_sources(ground.runner, *workshop, order)
                                       : prove_repositories(ground.runner, *workshop, order, installer);
}

Result<std::vector<std::string>> refresh_archive(Runner& runner,
                                                 const PackageLimits& limits,
                                                 const Root& root,
                                                 const std::string& archive)
{
    const auto distribution = detect_distribution(root);
    if (!distribution) {
        return distribution.error();
    }
    if (distribution->installer == Installer::apt) {
        return refresh_from(Apt{runner, limits}, archive);
    }
    auto read = refresh_repositories(runner, limits, root, distribution->installer, archive);
    return read ? Result<std::vector<std::string>>{std::vector<std::string>{}} : std::move(read).error();
}

}  // namespace kvmkit::setup
