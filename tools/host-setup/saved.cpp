// SPDX-License-Identifier: Apache-2.0
#include "saved.hpp"

#include "apply.hpp"
#include "components.hpp"
#include "image.hpp"
#include "look.hpp"
#include "system/clock.hpp"
#include "system/files.hpp"
#include "system/machine.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

constexpr std::size_t largest_plan = 8U << 20U;

/// All that asks for something stands in the plan.
Result<void> check_alone(const cli::Arguments& arguments)
{
    constexpr std::array others{"profile",
                                "user",
                                "default-net",
                                "mirror",
                                "security",
                                "repair",
                                "dry-run",
                                "allow-remove",
                                "ssh-root",
                                "ssh-root-from",
                                "confirm-within",
                                "from"};
    std::string also = arguments.operands().empty() ? "" : fmt::format("'{}'", arguments.operands().front());
    for (const char* other : others) {
        if (also.empty() && arguments.given(other)) {
            also = fmt::format("--{}", other);
        }
    }
    return also.empty() ? Result<void>{}
                        : Error{ErrorCode::usage,
                                fmt::format("--plan says all that is to be made, and {} asks for more", also),
                                "leave one of them out; another plan: host-setup plan -o FILE"};
}

/// Its hashes are no signature: what somebody else can write, nobody has looked at.
Result<setup::SavedPlan> read_plan(const std::string& file)
{
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status {};
    if (!opened || ::fstat(opened.get(), &status) != 0) {
        return errno_error(errno, fmt::format("cannot open plan '{}'", file), "save one: host-setup plan -o FILE");
    }
    if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to apply plan '{}': others than root can write it", file),
                     "save it anew, as root: host-setup plan -o FILE"};
    }
    const auto text = read_all(opened.get(), file, largest_plan);
    return text ? setup::read_saved_plan(*text) : text.error();
}

}  // namespace

Result<void> check_may_save(const Root& root)
{
    if (!root.is_this_host()) {
        return Error{ErrorCode::usage,
                     "--output saves a plan that can be applied, and none of another root can",
                     "leave out --root or --output"};
    }
    return check_root("save plan, with all that it depends on", "sudo host-setup plan -o FILE");
}

setup::SavedPlan order_of(const cli::Arguments& arguments, const Chosen& chosen, const std::string& user)
{
    setup::SavedPlan plan{.version = KVMKIT_VERSION, .host = {}, .made = iso_time(wall_clock())};
    if (const auto root = Root::open("/")) {
        plan.host = this_machine(*root);
    }
    for (const auto component : chosen.components) {
        plan.order.components.emplace_back(word(component));
    }
    plan.order.tutorial = chosen.tutorial;
    plan.order.user = user;
    plan.order.default_network = arguments.text("default-net");
    plan.order.mirror = arguments.maybe("mirror");
    plan.order.security = arguments.has("security");
    plan.order.repair = arguments.has("repair");
    plan.order.allow_remove = arguments.list("allow-remove");
    plan.order.root_login = arguments.text("ssh-root");
    plan.order.root_login_from = arguments.maybe("ssh-root-from").value_or("");
    plan.order.confirm_within = arguments.text("confirm-within");
    return plan;
}

setup::SavedPlan plan_to_save(const cli::Arguments& arguments,
                              const setup::Host& host,
                              const Planned& planned,
                              setup::Sightings watched)
{
    auto plan = order_of(arguments, planned.chosen, planned.user);
    plan.steps = setup::saved_steps(planned.plan.steps);
    plan.read = std::move(watched);
    plan.asked = setup::answers_of(host);
    keep_price(planned.price, plan);
    return plan;
}

Result<void> save(const setup::SavedPlan& plan, const std::string& file)
{
    struct stat status {};
    const bool there = ::lstat(file.c_str(), &status) == 0;
    if (file == "-" || (there && !S_ISREG(status.st_mode))) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot save plan to '{}': it is no plain file", file),
                     "name a file: host-setup plan -o plan.json; to look at it: host-setup plan --json"};
    }
    return write_atomically(file, setup::to_text(plan), 0600);
}

Result<setup::Request> request_of(const cli::Arguments& arguments, setup::SavedPlan plan)
{
    const auto root = Root::open("/");
    auto ours = root ? check_origin(plan, this_machine(*root), KVMKIT_VERSION) : Result<void>{root.error()};
    if (!ours) {
        return std::move(ours).error();
    }
    const setup::SavedOrder& order = plan.order;
    const bool none = order.components.empty();  // kvm-check found nothing to do, say
    auto components = none ? Result<setup::Components>{setup::Components{}} : setup::parse_components(order.components);
    const auto network = setup::parse_network_wish(order.default_network);
    if (!components || !network) {
        return components ? network.error() : std::move(components).error();
    }
    auto request = read_request(arguments, std::move(*components));
    if (!request) {
        return request;
    }
    request->tutorial = order.tutorial;
    request->user = order.user;
    request->network = *network;
    if (order.mirror) {
        request->mirror =
            setup::MirrorOrder{*order.mirror, order.security, in_image(arguments) ? "" : shipped_mirrors()};
    }
    request->repair = order.repair;
    request->allow_remove = order.allow_remove;
    if (request->components.contains(setup::Component::ssh_root)) {
        const auto login = root_login_order(order.confirm_within, order.root_login, order.root_login_from);
        if (!login) {
            return login.error();
        }
        request->root_login = *login;
    }
    request->kept = plan;
    if (plan.looked_at()) {
        request->saved = std::move(plan);
    }
    return request;
}

Result<setup::Request> read_planned_request(const cli::Arguments& arguments)
{
    if (auto alone = check_alone(arguments); !alone) {
        return std::move(alone).error();
    }
    auto plan = read_plan(arguments.text("plan"));
    return plan ? request_of(arguments, std::move(*plan)) : std::move(plan).error();
}

}  // namespace kvmkit::host_setup
