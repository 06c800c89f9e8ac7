// SPDX-License-Identifier: Apache-2.0
#include "keeping.hpp"

#include "base/suggest.hpp"
#include "net/persist/resume.hpp"
#include "net/persist/returns.hpp"
#include "net/planner/outlook.hpp"
#include "txn/change_locks.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net_setup {
namespace {

using cli::Json;

constexpr std::array managers{net::Manager::networkd,
                              net::Manager::netplan,
                              net::Manager::network_manager,
                              net::Manager::ifupdown,
                              net::Manager::ifcfg,
                              net::Manager::wicked};
constexpr const char* our_own = "own";

/// Nothing is touched yet: whatever stands in the way is a refusal.
Error refused(Error error)
{
    error.code = ErrorCode::refused;
    return error;
}

bool can_be_kept(const net::Link& link)
{
    return !link.loopback && !link.is_tap();
}

}  // namespace

std::optional<net::Keeping> keeping_of(const std::string& transaction)
{
    auto keeping = net::laid_down(txn::default_places().state / "txn" / "net-setup" / transaction);
    return keeping ? std::move(*keeping) : std::nullopt;
}

void declare_keeping(cli::po::options_description_easy_init& add)
{
    add("persist",
        cli::po::value<std::string>()->value_name("MANAGER"),
        "once the change is kept, keep it through reboots: auto (by whoever owns the card), none, networkd, netplan, "
        "nm, ifupdown, ifcfg, wicked, own (a unit that runs net-setup)");
}

std::vector<std::string> manager_words()
{
    std::vector<std::string> words{"auto"};
    for (const net::Manager manager : managers) {
        words.emplace_back(net::word(manager));
    }
    words.emplace_back(our_own);
    words.emplace_back(net::word(net::Manager::none));
    return words;
}

Result<std::optional<net::Manager>> read_manager(std::string_view option, const std::string& text)
{
    const auto named = std::ranges::find(managers, text, [](net::Manager manager) { return net::word(manager); });
    if (named != managers.end()) {
        return std::optional{*named};
    }
    if (text == "auto") {
        return std::optional<net::Manager>{};
    }
    if (text == our_own) {
        return std::optional{net::Manager::none};
    }
    const auto known = manager_words();
    const auto meant = did_you_mean(text, known);
    return Error{
        ErrorCode::usage,
        fmt::format("{} does not know '{}'", option, text),
        meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("it knows: {}", fmt::join(known, ", "))};
}

net::PersistHost this_host()
{
    std::error_code problem;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", problem).string();
    net::PersistHost host{.dhcp = {.own_namespace = net::own_network_namespace()}};
    host.program = problem ? host.program : program;
    return host;
}

Keep::Keep(Choice choice, std::string command, std::vector<net::LinkName> links)
    : choice_(choice), command_(std::move(command)), links_(std::move(links))
{
}

Result<Keep> Keep::read(const cli::Arguments& arguments, std::vector<net::LinkName> links)
{
    const auto who = arguments.maybe("persist");
    const auto choice = !who ? Choice::unsaid : *who == "none" ? Choice::none : Choice::wanted;
    Keep keep{choice, arguments.command_line(), std::move(links)};
    keep.elsewhere_ = arguments.has("netns");
    if (choice != Choice::wanted) {
        return keep;
    }
    const auto manager = read_manager("--persist", *who);
    if (!manager) {
        return manager.error();
    }
    if (keep.elsewhere_) {
        return Error{ErrorCode::usage,
                     "--persist does not go with --netns: at boot there is no such network namespace",
                     "leave one of them out"};
    }
    keep.manager_ = *manager;
    return keep;
}

net::PersistRun Keep::run(const cli::Console& console) const
{
    return {.places = txn::default_places(),
            .command_line = command_,
            .watch = {.announce = [&console](const std::string& step) { console.progress(step); }}};
}

net::Keeper Keep::keeper(const cli::Console& console)
{
    net::Keeper keeper;
    keeper.recover = [this, &console] {
        const auto said = net::resume(this_host(), run(console), net::EarlierBoots::give_up);
        if (!said) {
            console.warn(said.error().message);
            return;
        }
        std::ranges::for_each(*said, [&console](const std::string& sentence) { console.warn(sentence); });
    };
    if (elsewhere_ || choice_ == Choice::none) {
        return keeper;
    }
    keeper.foresee = [this](const net::Network& now, const net::Plan& plan) { return foresee(now, plan); };
    keeper.prepare = [this](const net::Network& now, const std::filesystem::path& record) -> Result<void> {
        if (wish_.links.empty() && wish_.gone.empty()) {
            return {};
        }
        auto keeping = net::plan_keeping(now, wish_, this_host(), txn::default_places());
        auto laid = keeping ? net::lay_down(*keeping, record) : Result<void>{std::move(keeping).error()};
        return laid ? laid : Error{ErrorCode::rolled_back, laid.error().message, laid.error().hint};
    };
    keeper.fulfil = [this, &console](const std::filesystem::path& record) {
        if (auto keeping = net::laid_down(record); keeping && *keeping) {
            (void)net::fulfil(std::move(**keeping), record, this_host(), run(console));
        }
    };
    keeper.take_back = [](const std::string& change, const std::vector<net::LinkName>& links) {
        return take_back_files(change, links);
    };
    return keeper;
}

/// What is there after the change, what is not, and whether it can be written.
Result<void> Keep::foresee(const net::Network& now, const net::Plan& plan)
{
    const auto after = net::outlook(now, plan);
    auto names = net::links_in(plan);
    std::ranges::copy(links_, std::back_inserter(names));
    wish_ = {.manager = manager_};
    worth_keeping_.clear();
    for (const net::LinkName& name : names) {
        const net::Link* link = net::find(after, name);
        const net::Link* before = net::find(now, name);
        const bool freed = before != nullptr && before->master != 0 && net::find(after, before->master) == nullptr;
        if (link == nullptr && before != nullptr) {
            wish_.gone.push_back(name);
        } else if (link != nullptr && can_be_kept(*link) && !freed) {
            worth_keeping_.push_back(name);
        }
    }
    if (choice_ == Choice::wanted) {
        wish_.links = worth_keeping_;
    }
    if (wish_.links.empty() && wish_.gone.empty()) {
        return {};
    }
    auto keeping = net::plan_keeping(after, wish_, this_host(), txn::default_places());
    if (!keeping) {
        return refused(std::move(keeping).error());
    }
    if (keeping->files.empty()) {
        wish_ = {};
        return {};
    }
    if (auto writable = net::check_writable(*keeping, this_host()); !writable) {
        return refused(std::move(writable).error());
    }
    if (!wish_.links.empty()) {
        wish_.manager = keeping->manager;  // during the change it may have let go of the link, and say so
    }
    at_once_ = std::move(*keeping);
    return {};
}

Result<void> Keep::without_change(const net::Network& network, const cli::Console& console)
{
    std::vector<net::LinkName> links;
    std::ranges::copy_if(links_, std::back_inserter(links), [&network](const net::LinkName& name) {
        const net::Link* link = net::find(network, name);
        return link != nullptr && can_be_kept(*link);
    });
    if (!is_asked_for() || links.empty()) {
        return {};
    }
    const auto locks = txn::ChangeLocks::acquire(txn::default_places(), "net-setup", command_);
    if (!locks) {
        return locks.error();
    }
    auto kept = net::keep_links(network, {links, manager_}, this_host(), run(console));
    if (!kept) {
        const bool early = kept.error().code == ErrorCode::unsupported || kept.error().code == ErrorCode::not_found;
        return early ? refused(std::move(kept).error()) : std::move(kept).error();
    }
    net::Persistence& found = kept->persistence;
    at_once_ = net::Keeping{.manager = found.manager,
                            .doubts = std::move(found.doubts),
                            .warnings = std::move(found.warnings),
                            .commands = std::move(found.commands),
                            .ended = true,
                            .transaction = std::move(kept->transaction),
                            .stalled = found.stalled};
    for (const net::KeptLink& link : found.profile.links) {
        at_once_->links.push_back(link.name.str());
    }
    for (net::FileChange& change : found.changes) {
        at_once_->files.push_back({std::move(change.path), std::nullopt, std::move(change.image)});
    }
    return {};
}

std::optional<net::Keeping> Keep::outcome(const std::string& transaction) const
{
    return transaction.empty() ? at_once_ : keeping_of(transaction);
}

std::string Keep::advice(const net::Plan& plan) const
{
    if (choice_ != Choice::unsaid || elsewhere_) {
        return "";
    }
    const auto names = links_.empty() ? net::links_in(plan) : links_;
    const auto there = std::ranges::find_first_of(names, worth_keeping_);
    return there == names.end() ? "" : fmt::format("net-setup persist {}", there->str());
}

Result<void> take_back_files(const std::string& change, const std::vector<net::LinkName>& links)
{
    const auto places = txn::default_places();
    const auto host = this_host();
    std::vector<std::string> profiles;
    profiles.reserve(links.size());
    for (const net::LinkName& link : links) {
        profiles.push_back(link.str());
    }
    if (const auto keeping = keeping_of(change)) {
        profiles.insert(profiles.end(), keeping->links.begin(), keeping->links.end());
    }
    const auto records = net::files_since(places, change, profiles);
    const auto untouched = records ? net::check_untouched(*records, host) : Result<void>{records.error()};
    if (!untouched) {
        return untouched.error();
    }
    for (const txn::Record& record : *records) {
        const auto left = net::take_back(places, record.id, host);
        if (!left || !left->empty()) {
            return Error{ErrorCode::damaged,
                         fmt::format("could not take back the files of {}:\n  {}",
                                     change,
                                     left ? fmt::format("{}", fmt::join(*left, "\n  ")) : left.error().message)};
        }
    }
    return {};
}

void print_keeping(const net::Keeping& keeping, const cli::Console& console)
{
    if (!keeping.failure.empty()) {
        console.warn(keeping.failure);
        console.out << fmt::format("reboot-safe: no ({})\n", keeping.failure);
        return;
    }
    for (const net::RestoreFile& file : keeping.files) {
        if (file.old != file.ours) {
            console.out << fmt::format(
                "{}{} /{}\n",
                keeping.ended ? "" : "would ",
                file.ours ? (keeping.ended ? "wrote" : "write") : (keeping.ended ? "removed" : "remove"),
                file.path);
        }
    }
    std::ranges::for_each(keeping.warnings, [&console](const std::string& text) { console.warn(text); });
    if (keeping.reboot_safe()) {
        console.out << "reboot-safe: yes\n";
    }
    for (const std::string& doubt : keeping.doubts) {
        console.out << fmt::format("reboot-safe: no ({})\n", doubt);
    }
    for (const std::string& command : keeping.commands) {
        console.note(fmt::format("to let {} know before the next boot: {}",
                                 keeping.manager == net::Manager::none ? "systemd" : net::full_name(keeping.manager),
                                 command));
    }
}

Json keeping_record(const std::optional<net::Keeping>& keeping)
{
    if (!keeping) {
        return {};
    }
    auto files = Json::array();
    for (const net::RestoreFile& file : keeping->files) {
        if (file.old != file.ours) {
            files.push_back({{"path", "/" + file.path}, {"action", file.ours ? "write" : "remove"}});
        }
    }
    return {{"manager", net::word(keeping->manager)},
            {"links", keeping->links},
            {"files", std::move(files)},
            {"reboot_safe", keeping->ended ? Json(keeping->reboot_safe()) : Json()},
            {"doubts", keeping->doubts},
            {"failure", keeping->failure.empty() ? Json() : Json(keeping->failure)},
            {"warnings", keeping->warnings},
            {"commands", keeping->commands},
            {"transaction", keeping->transaction.empty() ? Json() : Json(keeping->transaction)}};
}

}  // namespace kvmkit::net_setup
