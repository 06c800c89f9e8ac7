// SPDX-License-Identifier: Apache-2.0
#include "look.hpp"

#include "base/deadline.hpp"
#include "image.hpp"
#include "probe/ipv4_claims.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

/// Who became root by sudo; empty: nobody did.
std::string user_behind_sudo()
{
    const char* name = std::getenv("SUDO_USER");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return name != nullptr && ::geteuid() == 0 && std::string_view{name} != "root" ? name : "";
}

Result<void> check_belongs(const cli::Arguments& arguments,
                           const char* option,
                           bool asked_for,
                           std::string_view component)
{
    if (!arguments.given(option) || asked_for) {
        return {};
    }
    return Error{ErrorCode::usage,
                 fmt::format("--{} belongs to component {}", option, component),
                 fmt::format("host-setup apply {} --{} ...", component, option)};
}

bool is_named(const cli::Arguments& arguments, std::string_view component)
{
    const auto& names = arguments.operands();
    return std::find(names.begin(), names.end(), component) != names.end();
}

}  // namespace

std::string user_of(const cli::Arguments& arguments)
{
    return arguments.maybe("user").value_or(in_image(arguments) ? "" : user_behind_sudo());
}

void declare_confirm_within(cli::po::options_description_easy_init& add)
{
    add("confirm-within",
        cli::po::value<std::string>()->value_name("TIME")->default_value("120s"),
        "root's login is undone unless 'host-setup confirm' comes from a new login in time");
}

Result<setup::RootLoginOrder> root_login_order(const std::string& within,
                                               const std::string& how,
                                               const std::string& from)
{
    const auto wish = setup::parse_root_login(how, from);
    if (!wish) {
        return wish.error();
    }
    const auto time = parse_duration(within);
    if (!time || *time < std::chrono::seconds{1} || *time > std::chrono::hours{24}) {
        return Error{ErrorCode::usage,
                     time ? "cannot wait for so long, or so short a time" : time.error().message,
                     "--confirm-within takes 1 second to 24 hours, as 90s or 5m"};
    }
    return setup::RootLoginOrder{*wish, *time};
}

void declare_wishes(cli::po::options_description_easy_init& add)
{
    add("ssh-root",
        cli::po::value<std::string>()->value_name("HOW")->default_value("prohibit-password"),
        "of component ssh-root: prohibit-password (by key only) or yes");
    add("ssh-root-from",
        cli::po::value<std::string>()->value_name("RANGE|any"),
        "of component ssh-root: for whom; needed for yes");
    declare_confirm_within(add);
    add("user",
        cli::po::value<std::string>()->value_name("USER"),
        "of component groups: who is to use KVM and libvirt (default: who became root by sudo)");
    add("default-net",
        cli::po::value<std::string>()->value_name("auto|keep|off|RANGE")->default_value("auto"),
        "of component network: the addresses of libvirt's network 'default'");
}

Result<Wishes> read_wishes(const cli::Arguments& arguments, const setup::Components& components, const Root& root)
{
    const bool groups = components.contains(setup::Component::groups);
    const bool network = components.contains(setup::Component::network);
    if (auto right = check_belongs(arguments, "user", groups, "groups"); !right) {
        return right.error();
    }
    if (auto right = check_belongs(arguments, "default-net", network, "network"); !right) {
        return right.error();
    }
    const bool ssh = components.contains(setup::Component::ssh_root);
    for (const char* option : {"ssh-root", "ssh-root-from", "confirm-within"}) {
        if (auto right = check_belongs(arguments, option, ssh, "ssh-root"); !right) {
            return right.error();
        }
    }
    const auto wish = setup::parse_network_wish(arguments.text("default-net"));
    if (!wish) {
        return wish.error();
    }
    Wishes wishes{groups ? user_of(arguments) : std::string{}, *wish};
    if (ssh) {
        const auto order = root_login_order(arguments.text("confirm-within"),
                                            arguments.text("ssh-root"),
                                            arguments.maybe("ssh-root-from").value_or(""));
        if (!order) {
            return order.error();
        }
        wishes.root_login = *order;
    }
    if (wishes.user.empty() && is_named(arguments, "groups")) {
        return Error{ErrorCode::usage,
                     "component groups needs --user NAME: nobody became root by sudo here",
                     "host-setup apply groups --user NAME"};
    }
    if (arguments.given("user") && !setup::observe_user(root, wishes.user).known) {
        return Error{
            ErrorCode::not_found,
            fmt::format("cannot put user '{}' into groups: /etc/passwd has no such user", wishes.user),
            fmt::format("a user of a directory service is put in by hand: gpasswd -a {} libvirt", wishes.user)};
    }
    return wishes;
}

Result<std::vector<Ipv4Claim>> claims_of_this_host()
{
    return ask_ipv4_claims();
}

Result<setup::Host> look_at(const Root& root, Runner& runner, const std::string& user, const setup::Wanted& wanted)
{
    auto host = setup::observe(root, runner, wanted);
    if (host) {
        host->user = setup::observe_user(root, user);
    }
    if (host && root.is_this_host() && !wanted.image) {
        auto claims = ask_ipv4_claims();
        host->network.claims = claims ? Fact<std::vector<Ipv4Claim>>{std::move(*claims)} : std::move(claims).error();
    }
    return host;
}

}  // namespace kvmkit::host_setup
