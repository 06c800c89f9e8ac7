// SPDX-License-Identifier: Apache-2.0
#include "setup/hold.hpp"

#include "system/files.hpp"
#include "system/small_files.hpp"

#include <string>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* policy = "usr/sbin/policy-rc.d";
constexpr const char* put_aside = "usr/sbin/policy-rc.d.before-kvmkit";

constexpr std::string_view ours = R"(#!/bin/sh
# Of host-setup (kvmkit), for the time of one installation: libvirt must not start before its network is laid out.
case "$1" in
    libvirt*|virtqemud*|virtnetworkd*|virtproxyd*) exit 101 ;;
esac
[ -x "$0.before-kvmkit" ] || exit 0
exec "$0.before-kvmkit" "$@"
)";

constexpr std::string_view ours_for_all = R"(#!/bin/sh
# Of host-setup (kvmkit), for the time of one installation: nothing is started in an image.
exit 101
)";

Result<void> move(const std::filesystem::path& top, const char* from, const char* to)
{
    std::error_code problem;
    std::filesystem::rename(top / from, top / to, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot rename '/{}' to '/{}'", from, to));
    }
    return sync_directory((top / to).parent_path());
}

bool is_there(const std::filesystem::path& path)
{
    std::error_code problem;
    return std::filesystem::exists(std::filesystem::symlink_status(path, problem));
}

bool is_ours(const std::filesystem::path& top)
{
    const auto root = Root::open(top);
    return root && libvirt_is_held(*root);
}

}  // namespace

Result<void> hold_libvirt(const std::filesystem::path& top, Hold hold)
{
    if (is_ours(top)) {
        return {};
    }
    if (is_there(top / policy)) {
        if (auto moved = move(top, policy, put_aside); !moved) {
            return moved;
        }
    }
    return write_atomically(top / policy, hold == Hold::libvirt ? ours : ours_for_all, 0755);
}

Result<void> release_libvirt(const std::filesystem::path& top)
{
    if (is_there(top / put_aside)) {
        return move(top, put_aside, policy);
    }
    return is_ours(top) ? remove_if_there(top / policy) : Result<void>{};
}

bool libvirt_is_held(const Root& root)
{
    const auto text = text_or_nothing(root, policy);
    return text == ours || text == ours_for_all;
}

const char* policy_of_administrator(const Root& root)
{
    return libvirt_is_held(root) ? put_aside : policy;
}

}  // namespace kvmkit::setup
