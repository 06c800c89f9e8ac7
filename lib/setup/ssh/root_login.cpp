// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/root_login.hpp"

#include "base/text.hpp"
#include "setup/file_step.hpp"
#include "setup/ssh/config.hpp"
#include "setup/ssh/obstacles.hpp"
#include "setup/ssh/sshd.hpp"
#include "system/small_files.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::string_view first_mark = "# >>> host-setup ssh-root (kvmkit)";  // each a line of its own
constexpr std::string_view last_mark = "# <<< host-setup ssh-root (kvmkit)";
constexpr const char* somewhere = "203.0.113.9";  ///< An address for documentation: nobody has it.

/// "192.0.2.0/24", "2001:db8::/32", or one address.
bool is_range(const std::string& text)
{
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    std::array<unsigned char, 16> bytes{};
    const bool v4 = ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
    const bool v6 = !v4 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
    if (slash == std::string::npos || (!v4 && !v6)) {
        return v4 || v6;
    }
    unsigned length = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, length);
    return read.ec == std::errc{} && read.ptr == end && length <= (v4 ? 32U : 128U);
}

/// Whether sshd reads our folder before it finds a setting of its own.
bool includes_folder(const Root& root)
{
    const auto main_file = sshd_main_file(root);
    for (const SshdSetting& setting : read_sshd_settings(text_or_nothing(root, main_file), main_file)) {
        if (!setting.match.empty() || setting.keyword == "permitrootlogin") {
            return false;
        }
        const auto patterns = words(setting.value);
        if (setting.keyword == "include" &&
            std::ranges::any_of(patterns, [](auto each) { return each.starts_with("/etc/ssh/sshd_config.d/*"); })) {
            return true;
        }
    }
    return false;
}

/// A mark without its other one is nobody's: what stands behind it is not ours to remove.
std::string without_ours(std::string_view config)
{
    std::string text;
    auto begin = std::string::npos;
    while (!config.empty()) {
        const auto line = config.substr(0, config.find('\n'));
        const auto whole = config.substr(0, std::min(line.size() + 1, config.size()));
        if (line == first_mark) {
            begin = text.size();
        }
        text += whole;
        if (line == last_mark && begin != std::string::npos) {
            text.resize(begin);
            begin = std::string::npos;
        }
        config.remove_prefix(whole.size());
    }
    return text;
}

/// Where the first Match begins; the end if there is none.
std::size_t first_match(std::string_view text)
{
    std::size_t begin = 0;
    for (const auto line : lines(text)) {
        const auto found = words(line);
        if (!found.empty() && found.front().size() == 5 && (found.front() == "Match" || found.front() == "match")) {
            return begin;
        }
        begin += line.size() + 1;
    }
    return text.size();
}

/// RHEL, SUSE and all others have no ssh.service: asked to reload that, systemd would say that it does not run.
std::string unit_of_sshd(const Root& root)
{
    const auto path = std::string{"lib/systemd/system/"} + ssh_unit;
    return root.exists(path) || root.exists("usr/" + path) ? ssh_unit : "sshd.service";
}

Result<void> check_key(const Root& root, const RootLoginWish& wish)
{
    const auto keys = read_authorized_keys(text_or_nothing(root, "root/.ssh/authorized_keys"));
    if (wish.value != "prohibit-password" || keys.plain > 0) {
        return {};
    }
    return Error{ErrorCode::refused,
                 keys.forced > 0 ? "refused to let root log in by key: each key in /root/.ssh/authorized_keys runs a "
                                   "command of its own and nothing else, as cloud-init sets it up"
                                 : "refused to let root log in by key: there is none in /root/.ssh/authorized_keys",
                 "put one there first: ssh-copy-id, or paste a public key as one line"};
}

/// What sshd answers now; empty: it answers nothing before its folder is made.
Result<std::string> ask_for_root(Runner& runner, const std::string& address)
{
    if (auto sound = check_sshd(runner); !sound) {
        return sound.error().code == ErrorCode::unsupported ? Result<std::string>{std::string{}} : sound.error();
    }
    return permitted_root_login(runner, address);
}

}  // namespace

Result<RootLoginWish> parse_root_login(const std::string& value, const std::string& from)
{
    if (value != "prohibit-password" && value != "yes") {
        return Error{ErrorCode::usage,
                     fmt::format("cannot let root log in by '{}'", value),
                     "write prohibit-password (by key only) or yes"};
    }
    if (value == "yes" && from.empty()) {
        return Error{ErrorCode::usage,
                     "root's password would be open to guesses from everywhere",
                     "say from where: --from 192.0.2.0/24; or --from any if that is meant"};
    }
    if (!from.empty() && from != "any" && !is_range(from)) {
        return Error{ErrorCode::usage,
                     fmt::format("'{}' is no range of addresses", from),
                     "write it as 192.0.2.0/24, 2001:db8::/32, or any"};
    }
    return RootLoginWish{value, from};
}

AuthorizedKeys read_authorized_keys(std::string_view text)
{
    AuthorizedKeys keys;
    for (const auto raw : lines(text)) {
        const auto line = trim(raw);
        const bool is_key = line.find("ssh-") != std::string_view::npos ||
                            line.find("ecdsa-") != std::string_view::npos || line.find("sk-") != std::string_view::npos;
        if (line.empty() || line.front() == '#' || !is_key) {
            continue;
        }
        const bool forced = line.starts_with("command=") || line.find(",command=") != std::string_view::npos;
        ++(forced ? keys.forced : keys.plain);
    }
    return keys;
}

std::string root_login_file(const RootLoginWish& wish)
{
    const std::string head = "# Written by host-setup ssh-root (kvmkit). It comes first, so that it counts.\n";
    if (wish.from.empty() || wish.from == "any") {
        return fmt::format("{}PermitRootLogin {}\n", head, wish.value);
    }
    return fmt::format("{}Match Address {}\n    PermitRootLogin {}\n", head, wish.from, wish.value);
}

std::string address_in(const std::string& from)
{
    return from.empty() || from == "any" ? somewhere : from.substr(0, from.find('/'));
}

std::string with_root_login(std::string_view config, const RootLoginWish& wish)
{
    auto text = without_ours(config);
    text += text.empty() || text.ends_with('\n') ? "" : "\n";
    const auto block = fmt::format("{}\n{}{}\n", first_mark, root_login_file(wish), last_mark);
    // A Match lasts to the next one: ours must stand before the first, and a setting for all before everything.
    const bool for_some = !wish.from.empty() && wish.from != "any";
    return text.insert(for_some ? std::min(first_match(text), text.size()) : 0, block);
}

Result<RootLoginPlan> plan_root_login(Runner& runner, const Root& root, const RootLoginWish& wish)
{
    if (!root.exists("usr/sbin/sshd")) {
        return Error{ErrorCode::not_found,
                     "cannot let root log in: there is no sshd",
                     "install it: apt-get install openssh-server, or its like"};
    }
    const auto address = address_in(wish.from);
    const auto now = ask_for_root(runner, address);
    if (!now) {
        return now.error();
    }
    if (auto key = check_key(root, wish); !key) {
        return key.error();
    }
    RootLoginPlan plan{{}, *now, find_obstacles(runner, root, wish)};
    if (now->empty()) {
        plan.notes.emplace_back(
            "what sshd allows root now is not known: it answers only where /run/sshd is there, and a plan makes no "
            "folder");
    } else if (*now == wish.value) {
        return plan;
    }
    const bool folder = includes_folder(root);
    const auto main_file = sshd_main_file(root);
    if (!folder && main_file.starts_with("usr/")) {
        return Error{
            ErrorCode::refused,
            fmt::format("refused to change what root may do by ssh: sshd reads the vendor's /{}, which includes "
                        "no folder, and with a file of its own in /etc/ssh it would read that no more",
                        main_file),
            fmt::format("make it yours, then run this again: cp /{} /etc/ssh/sshd_config", main_file)};
    }
    const std::string path = folder ? root_login_path : main_file;
    auto bytes = folder ? root_login_file(wish) : with_root_login(text_or_nothing(root, main_file), wish);
    auto file = keeping_look(root, path, std::move(bytes));
    if (!file) {
        return std::move(file).error();
    }
    const auto unit = unit_of_sshd(root);
    plan.steps = {ReloadOnUndo{unit}, std::move(*file), ProveRootLogin{wish.value, address}, ReloadService{unit}};
    return plan;
}

}  // namespace kvmkit::setup
