// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"
#include "base/text.hpp"
#include "net/owner/cloud_init.hpp"
#include "net/owner/detect.hpp"
#include "net/persist/kept_options.hpp"
#include "net/persist/own_files.hpp"
#include "net/persist/persist.hpp"
#include "net/persist/prove_state.hpp"
#include "net/persist/read_back.hpp"
#include "net/persist/rivals.hpp"
#include "net/state/writer.hpp"
#include "system/small_files.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

std::vector<std::string> search_of(const std::vector<std::string_view>& parts)
{
    std::vector<std::string> search;
    for (const std::string_view name : parts) {
        if (name != "search" && name != "." && is_plain_word(name)) {
            search.emplace_back(name);
        }
    }
    return search;
}

/// The servers that are asked in the end, not the stub on this host.
Resolver resolver_of(const Root& root)
{
    auto text = text_or_nothing(root, "run/systemd/resolve/resolv.conf");
    text = text.empty() ? text_or_nothing(root, "etc/resolv.conf") : text;
    Resolver resolver;
    for (const std::string_view line : lines(text)) {
        const auto parts = words(line);
        if (parts.size() > 1 && parts[0] == "nameserver" && IpAddress::parse(parts[1]) &&
            !parts[1].starts_with("127.")) {
            resolver.servers.emplace_back(parts[1]);
        }
        if (parts.size() > 1 && parts[0] == "search") {
            resolver.search = search_of(parts);
        }
    }
    return resolver;
}

/// Files that an earlier run wrote for the same links and that these do not replace.
std::vector<std::string> stale_files(const Root& root, const Profile& profile, const KeptFiles& files)
{
    auto stale = own_files(root, profile.name);
    std::erase_if(stale, [&files](const std::string& path) {
        return std::ranges::find(files, path, &KeptFile::path) != files.end();
    });
    return stale;
}

class Planner {
public:
    Planner(const Network& network, const PersistWish& wish, const PersistHost& host, const Root& root)
        : network_(network), wish_(wish), host_(host), root_(root)
    {
    }

    Result<Persistence> plan()
    {
        if (auto drafted = draft(); !drafted) {
            return std::move(drafted).error();
        }
        if (auto chosen = choose(); !chosen) {
            return std::move(chosen).error();
        }
        auto files = write();
        if (!files) {
            return std::move(files).error();
        }
        plan_.files = std::move(*files);
        if (auto compared = compare(); !compared) {
            return std::move(compared).error();
        }
        doubt();
        tell();
        return std::move(plan_);
    }

private:
    Result<void> draft()
    {
        Circumstances around{.resolver = resolver_of(root_)};
        for (const Link& link : network_.links) {
            if (!link.loopback && !dhcp_clients_of(link.name, link.index, host_.dhcp).empty()) {
                around.dhcp_links.insert(link.index);
            }
        }
        auto draft = profile_of(network_, wish_.links, around);
        if (!draft) {
            return std::move(draft).error();
        }
        plan_.profile = std::move(draft->profile);
        plan_.doubts = std::move(draft->losses);
        return {};
    }

    /// Who owns the cards, for what stands on them is new. ErrorCode::refused where they do not agree.
    Result<void> choose()
    {
        std::optional<Manager> owner;
        for (const KeptLink& kept : plan_.profile.links) {
            const Link* link = find(network_, kept.name);
            claims_.push_back({kept.name.str(), claims_on(*link, root_)});
            const Manager found = owner_by(claims_.back().claims);
            if (found == Manager::none) {
                continue;
            }
            if (!wish_.manager && owner && *owner != found) {
                return Error{
                    ErrorCode::refused,
                    fmt::format("cannot keep link '{}': {} looks after it, but {} after others of the same set",
                                kept.name.str(),
                                full_name(found),
                                full_name(*owner)),
                    "say by whom: --manager networkd, netplan, nm, ifupdown, ifcfg, wicked or own"};
            }
            owner = owner.value_or(found);
        }
        plan_.manager = wish_.manager.value_or(owner.value_or(Manager::none));
        if (plan_.manager == Manager::ifupdown &&
            (root_.exists("etc/network/ifupdown2") || root_.exists("usr/share/ifupdown2"))) {
            plan_.manager = Manager::ifupdown2;
        }
        return {};
    }

    Result<KeptFiles> write()
    {
        switch (plan_.manager) {
            case Manager::networkd: return write_networkd(plan_.profile);
            case Manager::netplan: return write_for_netplan();
            case Manager::network_manager: return write_keyfiles(plan_.profile);
            case Manager::ifupdown:
            case Manager::ifupdown2: return write_interfaces(plan_.profile, plan_.manager);
            case Manager::none: break;
            case Manager::ifcfg: return write_ifcfg(plan_.profile);
            case Manager::wicked: return write_wicked(plan_.profile);
        }
        return write_own();
    }

    /// netplan has no word for some settings; of its daemons only networkd lets them be added.
    Result<KeptFiles> write_for_netplan()
    {
        auto files = write_netplan(plan_.profile);
        const bool speaks_to_manager = std::ranges::any_of(claims_, [](const LinkClaims& link) {
            return std::ranges::find(link.claims, Manager::network_manager, &Claim::manager) != link.claims.end();
        });
        if (files && files->size() > 1 && speaks_to_manager) {
            return Error{ErrorCode::unsupported,
                         fmt::format("cannot keep link '{}': netplan speaks to NetworkManager here, and has no words "
                                     "for what /{} would say",
                                     plan_.profile.name,
                                     files->back().path),
                         "--manager nm, or own, keeps everything"};
        }
        return files;
    }

    Result<KeptFiles> write_own()
    {
        Network stripped = network_;
        std::ranges::for_each(stripped.links, strip_defaults);
        std::vector<const Link*> links;
        links.reserve(plan_.profile.links.size());
        for (const KeptLink& kept : plan_.profile.links) {
            links.push_back(find(stripped, kept.name));
        }
        const auto state = write_state(stripped, links, Notation::yaml);
        for (auto& doubt : doubts_about_state(state, network_)) {
            plan_.doubts.push_back(std::move(doubt));
        }
        return net::write_own(plan_.profile, state, host_.program);
    }

    Result<void> add_change(FileChange change)
    {
        auto now = image_of(host_.top / change.path);
        if (!now) {
            return std::move(now).error();
        }
        if (*now != change.image) {
            plan_.changes.push_back(std::move(change));
        }
        return {};
    }

    /// A file of somebody else's that is kept elsewhere: a file in its place would take it from its keeper.
    [[nodiscard]] Result<void> refuse_link(const std::string& path) const
    {
        const auto target = root_.link_target(path);
        if (target && *target) {
            return Error{ErrorCode::unsupported,
                         fmt::format("cannot change '/{}': it is a symbolic link to '{}'", path, **target),
                         "put the file itself in its place: cp --remove-destination"};
        }
        return {};
    }

    /// New files first, then what they take the place of.
    Result<void> compare()
    {
        auto rivals = find_rivals(plan_.manager, {plan_.profile, network_, root_, plan_.files});
        std::vector<FileChange> wanted;
        wanted.reserve(plan_.files.size() + rivals.edits.size());
        for (const KeptFile& file : plan_.files) {
            wanted.push_back({file.path, FileImage{file.bytes, file.mode, file.is_link}});
        }
        for (FileChange& edit : rivals.edits) {
            if (auto link = refuse_link(edit.path); !link) {
                return link;
            }
            wanted.push_back(std::move(edit));
        }
        for (const std::string& path : stale_files(root_, plan_.profile, plan_.files)) {
            wanted.push_back({path, std::nullopt});
        }
        for (FileChange& change : wanted) {
            if (auto added = add_change(std::move(change)); !added) {
                return added;
            }
        }
        std::ranges::move(rivals.doubts, std::back_inserter(plan_.doubts));
        return {};
    }

    /// Daemons that netplan speaks through are no rivals of it; nor is netplan of networkd, for our names sort first.
    [[nodiscard]] bool is_rival(Manager other) const
    {
        const bool speaker = other == Manager::networkd || other == Manager::network_manager;
        const bool pair = (plan_.manager == Manager::netplan && speaker) ||
                          (plan_.manager == Manager::networkd && other == Manager::netplan);
        return other != plan_.manager && !pair;
    }

    /// A file of an earlier run, say, for another manager; and what ifupdown remembers of this boot.
    [[nodiscard]] bool goes_away(const std::string& file) const
    {
        return file == "/run/network/ifstate" || std::ranges::any_of(plan_.changes, [&file](const FileChange& change) {
                   return !change.image && '/' + change.path == file;
               });
    }

    void doubt()
    {
        for (const auto& [link, claims] : claims_) {
            const auto rival = std::ranges::find_if(
                claims, [this](const Claim& claim) { return is_rival(claim.manager) && !goes_away(claim.file); });
            if (rival != claims.end()) {
                plan_.doubts.push_back(fmt::format(
                    "{} looks after {} too ({}: {})", full_name(rival->manager), link, rival->file, rival->evidence));
            }
        }
        std::ranges::move(missing_in(plan_.files, plan_.manager, plan_.profile), std::back_inserter(plan_.doubts));
        doubt_the_program();
        if (const auto cloud = cloud_init(root_)) {
            plan_.doubts.push_back("cloud-init may write network settings again: " + cloud->evidence);
            plan_.warnings.push_back(fmt::format("keep cloud-init from the network: {}", cloud_init_off));
        }
    }

    /// Our own unit runs this very program, which at the next boot may not be there, or not yet.
    void doubt_the_program()
    {
        constexpr std::array<std::string_view, 6> passing{
            "/run/", "/tmp/", "/var/tmp/", "/dev/", "/home/", "/var/run/"};
        const std::string& program = host_.program;
        const bool goes =
            std::ranges::any_of(passing, [&program](std::string_view folder) { return program.starts_with(folder); });
        struct statfs system {};
        const bool in_memory =
            ::statfs(program.c_str(), &system) == 0 && (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
        if (plan_.manager == Manager::none && (goes || in_memory)) {
            plan_.doubts.push_back(
                fmt::format("at boot the unit runs {}, which may be gone by then, or not there yet", program));
            plan_.warnings.push_back("install net-setup below /usr, and keep the link from there");
        }
    }

    void tell()
    {
        switch (plan_.manager) {
            case Manager::networkd: plan_.commands.emplace_back("networkctl reload"); break;
            case Manager::netplan: plan_.commands.emplace_back("netplan generate"); break;
            case Manager::network_manager: plan_.commands.push_back(load_command()); break;
            case Manager::ifupdown:
            case Manager::ifupdown2:
                plan_.warnings.push_back(fmt::format(
                    "until the next boot ifupdown believes in what it did at the last one: no ifdown and no "
                    "'systemctl restart networking' for {}",
                    plan_.profile.name));
                break;
            case Manager::none: plan_.commands.emplace_back("systemctl daemon-reload"); break;
            case Manager::wicked: break;  // it reads them at boot, or at 'wicked ifreload', which would make them so
            case Manager::ifcfg: break;   // nothing stays that could take notice
        }
    }

    [[nodiscard]] std::string load_command() const
    {
        std::string command = "nmcli connection load";
        for (const KeptFile& file : plan_.files) {
            command += " " + shell_word("/" + file.path);
        }
        return command;
    }

    struct LinkClaims {
        std::string link;
        std::vector<Claim> claims;
    };

    const Network& network_;
    const PersistWish& wish_;
    const PersistHost& host_;
    const Root& root_;
    Persistence plan_;
    std::vector<LinkClaims> claims_;
};

}  // namespace

Result<Persistence> plan_persistence(const Network& network, const PersistWish& wish, const PersistHost& host)
{
    const auto root = Root::open(host.top);
    return root ? Planner{network, wish, host, *root}.plan() : Result<Persistence>{root.error()};
}

}  // namespace kvmkit::net
