// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/obstacles.hpp"

#include "base/text.hpp"
#include "setup/ssh/config.hpp"
#include "setup/ssh/sshd.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

using Sentences = std::vector<std::string>;

/// All values of a keyword that `sshd -T` prints on a line each: "allowusers admin".
std::vector<std::string> values_of(std::string_view effective, std::string_view name)
{
    std::vector<std::string> found;
    for (const auto line : lines(effective)) {
        const auto parts = words(line);
        if (!parts.empty() && parts.front() == name) {
            found.insert(found.end(), parts.begin() + 1, parts.end());
        }
    }
    return found;
}

bool names_root(const std::vector<std::string>& patterns)
{
    return std::ranges::any_of(
        patterns, [](std::string_view pattern) { return fits_pattern("root", pattern.substr(0, pattern.find('@'))); });
}

/// A field of root's line in etc/passwd or etc/shadow.
std::string field_of_root(const Root& root, const std::string& file, std::size_t index)
{
    const auto text = text_or_nothing(root, file);
    for (const auto line : lines(text)) {
        const auto fields = split(line, ':');
        if (fields.front() == "root" && fields.size() > index) {
            return std::string{fields[index]};
        }
    }
    return {};
}

void look_at_account(const Root& root, const RootLoginWish& wish, Sentences& found)
{
    const auto password = field_of_root(root, "etc/shadow", 1);
    const bool locked = password.starts_with('!') || password.starts_with('*');
    if (wish.value == "yes" && locked) {
        found.emplace_back("root's password is locked in /etc/shadow: no password lets it in; set one: passwd root");
    }
    const auto shell = field_of_root(root, "etc/passwd", 6);
    if (shell.ends_with("/nologin") || shell.ends_with("/false")) {
        found.push_back(fmt::format("root's shell is {}: it ends each login", shell));
    }
}

void look_at_keys(const Root& root, Sentences& found)
{
    const auto keys = read_authorized_keys(text_or_nothing(root, "root/.ssh/authorized_keys"));
    if (keys.forced > 0) {
        found.push_back(
            fmt::format("{} of the keys in /root/.ssh/authorized_keys run a command of their own and nothing "
                        "else, as cloud-init sets it up",
                        keys.forced));
    }
    constexpr unsigned writable_by_others = 022;
    for (const auto* path : {"root", "root/.ssh", "root/.ssh/authorized_keys"}) {
        const auto status = root.status(path);
        if (status && *status && ((*status)->st_uid != 0 || ((*status)->st_mode & writable_by_others) != 0)) {
            found.push_back(fmt::format("/{} is not root's alone: sshd then takes no key of it (StrictModes)", path));
        }
    }
}

void look_at_pam(const Root& root, Sentences& found)
{
    const auto text = text_or_nothing(root, "etc/pam.d/sshd");
    for (const auto raw : lines(text)) {
        const auto line = trim(raw);
        for (const auto* module : {"pam_access.so", "pam_securetty.so", "pam_listfile.so"}) {
            if (!line.starts_with('#') && line.find(module) != std::string_view::npos) {
                found.push_back(fmt::format("/etc/pam.d/sshd asks {}, which may refuse root", module));
            }
        }
    }
}

}  // namespace

std::vector<std::string> obstacles_in_settings(std::string_view effective, const RootLoginWish& wish)
{
    Sentences found;
    const auto off = [&](std::string_view name) { return sshd_value(effective, name) == "no"; };
    if (wish.value == "yes" && off("passwordauthentication")) {
        found.emplace_back("PasswordAuthentication is no: no password lets anybody in");
    }
    if (wish.value == "prohibit-password" && off("pubkeyauthentication")) {
        found.emplace_back("PubkeyAuthentication is no: no key lets anybody in");
    }
    for (const auto* name : {"allowusers", "allowgroups"}) {
        const auto allowed = values_of(effective, name);
        if (!allowed.empty() && !names_root(allowed)) {
            found.push_back(
                fmt::format("{} does not name root", std::string{name} == "allowusers" ? "AllowUsers" : "AllowGroups"));
        }
    }
    for (const auto* name : {"denyusers", "denygroups"}) {
        if (names_root(values_of(effective, name))) {
            found.push_back(
                fmt::format("{} names root", std::string{name} == "denyusers" ? "DenyUsers" : "DenyGroups"));
        }
    }
    const auto files = values_of(effective, "authorizedkeysfile");
    if (wish.value == "prohibit-password" && std::ranges::find(files, ".ssh/authorized_keys") == files.end()) {
        found.push_back(fmt::format("AuthorizedKeysFile is {}: root's keys are not read from .ssh/authorized_keys",
                                    sshd_value(effective, "authorizedkeysfile")));
    }
    return found;
}

std::vector<std::string> find_obstacles(Runner& runner, const Root& root, const RootLoginWish& wish)
{
    Sentences found;
    const auto where = fmt::format("user=root,host={0},addr={0}", address_in(wish.from));
    const auto effective = runner.run({.argv = {"/usr/sbin/sshd", "-T", "-C", where}});
    if (effective && effective->status == 0) {
        found = obstacles_in_settings(effective->out, wish);
    }
    look_at_account(root, wish, found);
    look_at_keys(root, found);
    look_at_pam(root, found);
    for (std::string& sentence : found) {
        sentence.insert(0, "root may still be refused: ");
    }
    return found;
}

}  // namespace kvmkit::setup
