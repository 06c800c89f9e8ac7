// SPDX-License-Identifier: Apache-2.0
#include "check/access.hpp"
#include "check/traits.hpp"

#include "base/shell.hpp"

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr unsigned group_may_use = 0060;

std::string name_of_group(const HostFacts& host, unsigned gid)
{
    const bool ours = host.kvm_group && *host.kvm_group && (*host.kvm_group)->gid == gid;
    return ours ? "kvm" : fmt::format("{}", gid);
}

/// "mode 0660, owner 0, group kvm"
std::string owners(const HostFacts& host)
{
    if (!host.kvm.node || !*host.kvm.node) {
        return "its owner is not known";
    }
    const DeviceNode& node = **host.kvm.node;
    return fmt::format("mode {:04o}, owner {}, group {}{}",
                       node.mode,
                       node.uid,
                       name_of_group(host, node.gid),
                       node.acl.empty() ? "" : ", with an access list");
}

/// The user's name where it is known and is not yet in the group; else empty.
std::string outsider(const HostFacts& host)
{
    if (!host.user || !*host.user || (*host.user)->uid == 0) {
        return {};
    }
    const bool inside = host.kvm_group && *host.kvm_group && (*host.kvm_group)->members.contains((*host.user)->name);
    return inside ? std::string{} : (*host.user)->name;
}

/// The device is shut to every group that this user could join.
Remedy open_to_group(const HostFacts& host)
{
    Remedy remedy{"give the device to the group \"kvm\" as root ('host-setup apply' does it)"};
    if (host.kvm_group && !*host.kvm_group) {
        remedy.commands.emplace_back("groupadd --system kvm");
    }
    remedy.commands.emplace_back("chgrp kvm /dev/kvm");
    remedy.commands.emplace_back("chmod 0660 /dev/kvm");
    if (const auto user = outsider(host); !user.empty()) {
        remedy.summary += ", join it and log in again";
        remedy.commands.push_back(join_command(host, user, "kvm"));
    }
    return remedy;
}

/// The device is shut, or the user is not in its group, or is in it but not yet in this session.
Remedy permission_remedy(const HostFacts& host)
{
    const bool known = host.kvm_group && *host.kvm_group && host.kvm.node && *host.kvm.node;
    if (!known) {
        return open_to_group(host);
    }
    const DeviceNode& node = **host.kvm.node;
    if (node.gid != (*host.kvm_group)->gid || (node.mode & group_may_use) != group_may_use) {
        return open_to_group(host);
    }
    const auto user = host.user && *host.user ? (*host.user)->name : std::string{"USER"};
    if ((*host.kvm_group)->members.contains(user)) {
        return {fmt::format("log in again: {} is in the group \"kvm\", but this session began before", user),
                {"newgrp kvm"}};
    }
    return {fmt::format("put {} into the group \"kvm\" as root, then log in again", user),
            {join_command(host, user, "kvm")}};
}

std::string who(const HostFacts& host)
{
    return host.user && *host.user ? fmt::format("user {}", (*host.user)->name) : "this user";
}

AccessWitness witness(const HostFacts& host)
{
    return host.user && *host.user ? (*host.user)->witness : AccessWitness::opened;
}

/// How it is known that the user may not open it: the errno where somebody tried.
std::string refusal(const HostFacts& host, const std::string& cause)
{
    return witness(host) == AccessWitness::read_of_mode ? std::string{"judged by its permissions"} : cause;
}

/// The number of a group that a rule names, as far as facts go; a rule that names none means root's.
std::optional<unsigned> ruled_gid(const HostFacts& host, const UdevNode& udev)
{
    if (udev.group.empty() || udev.group == "root") {
        return 0;
    }
    const bool known = udev.group == "kvm" && host.kvm_group && *host.kvm_group;
    return known ? std::optional{(*host.kvm_group)->gid} : std::nullopt;
}

/// The mode without a rule is udev's default: open to the group if a rule names one.
unsigned ruled_mode(const UdevNode& udev)
{
    constexpr unsigned owner_only = 0600;
    constexpr unsigned owner_and_group = 0660;
    return udev.mode.value_or(udev.group.empty() ? owner_only : owner_and_group);
}

bool rules_let_in(const UdevNode& udev, unsigned gid, const UserFacts& user)
{
    constexpr unsigned others_may_use = 06;
    const unsigned mode = ruled_mode(udev);
    const bool seated = udev.open_to_seat && udev.seat_user == user.uid;
    return seated || (user.gids.contains(gid) ? (mode & group_may_use) == group_may_use
                                              : (mode & others_may_use) == others_may_use);
}

Remedy lasting_access(const HostFacts& host, const UdevNode& udev)
{
    const auto user = outsider(host);
    Remedy remedy{"log in again: the group \"kvm\" gives access for good", {"newgrp kvm"}};
    if (!user.empty()) {
        remedy = {
            "join the group \"kvm\" as root and log in again; where nobody logs in, as on a CI machine, write a "
            "udev rule: KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0666\", OPTIONS+=\"static_node=kvm\"",
            {join_command(host, user, "kvm")}};
    }
    if (udev.group != "kvm" || (ruled_mode(udev) & group_may_use) != group_may_use) {
        remedy.summary = "have udev give the device to the group \"kvm\", be in that group and log in again";
        remedy.commands.insert(remedy.commands.begin(),
                               {R"(echo 'KERNEL=="kvm", GROUP="kvm", MODE="0660"' >/etc/udev/rules.d/99-kvm.rules)",
                                "udevadm control --reload && udevadm trigger --name-match=kvm --settle"});
    }
    return remedy;
}

Verdict filtered(const std::string& cause)
{
    return fail(
        fmt::format("opening /dev/kvm is forbidden by more than its mode: {}; a container's device filter does that",
                    cause),
        Remedy{"give the device to the container where it is started: docker --device /dev/kvm; LXC: "
               "lxc.cgroup2.devices.allow = c 10:232 rwm",
               {},
               Where::hypervisor});
}

}  // namespace

std::string join_command(const HostFacts& host, std::string_view user, std::string_view group)
{
    const bool busybox = distribution_id(host) == "alpine";
    const auto name = shell_word(user);
    return busybox ? fmt::format("addgroup {} {}", name, group) : fmt::format("usermod -aG {} {}", group, name);
}

std::string opened_phrase(const HostFacts& host)
{
    switch (witness(host)) {
        case AccessWitness::opened: return "/dev/kvm opens for reading and writing";
        case AccessWitness::opened_as: return fmt::format("{} opens /dev/kvm for reading and writing", who(host));
        case AccessWitness::read_of_mode:
            return fmt::format("{} may open /dev/kvm, judged by its permissions: {}", who(host), owners(host));
    }
    return "/dev/kvm opens for reading and writing";
}

Verdict judge_refused_open(const HostFacts& host, int errnum)
{
    const auto cause = errno_text(errnum);
    switch (errnum) {
        case EACCES:
            return in_brief(
                fmt::format("{} may not open /dev/kvm: {}", who(host), permission_remedy(host).summary),
                fail(fmt::format("{} may not open /dev/kvm: {}; {}", who(host), refusal(host, cause), owners(host)),
                     permission_remedy(host)));
        case EPERM:
            return in_brief("this container may not open /dev/kvm: its device filter forbids it", filtered(cause));
        case ENODEV:
        case ENXIO:
            return in_brief("/dev/kvm is there, but no KVM is behind it: load the CPU's module",
                            fail(fmt::format("/dev/kvm is there, but no KVM is behind it: {}", cause),
                                 Remedy{"load the module of this CPU and see why it refuses",
                                        {"modprobe kvm_intel || modprobe kvm_amd", "dmesg | grep -i kvm"}}));
        case EMFILE:
        case ENFILE:
            return {.status = Status::unknown,
                    .evidence = fmt::format("cannot open /dev/kvm: {}: that says nothing of KVM", cause),
                    .remedy = Remedy{errnum == EMFILE ? "run kvm-check with a higher limit of open files (ulimit -n)"
                                                      : "close files, or raise the limit of this host (fs.file-max)"}};
        default:
            return fail(fmt::format("cannot open /dev/kvm: {}", cause),
                        Remedy{"see what the kernel says", {"dmesg | grep -i kvm"}});
    }
}

Verdict judge_persistent_access(const HostFacts& host)
{
    const KvmFacts& kvm = host.kvm;
    if (!kvm.open || !*kvm.open || !host.user || !*host.user) {
        return skip("it is not known who may open /dev/kvm now");
    }
    if (!kvm.udev || !*kvm.udev) {
        return skip("no udev runs here that would change /dev/kvm, or no rule of it names kvm");
    }
    const UserFacts& user = **host.user;
    if (user.uid == 0) {
        return pass("root may open /dev/kvm whatever its mode");
    }
    const UdevNode& udev = **kvm.udev;
    const auto gid = ruled_gid(host, udev);
    if (!gid) {
        return skip(fmt::format("udev gives /dev/kvm to the group \"{}\", of which nothing is known", udev.group));
    }
    const auto rule = fmt::format("mode {:04o}, group {}", ruled_mode(udev), udev.group.empty() ? "root" : udev.group);
    if (rules_let_in(udev, *gid, user)) {
        return pass(fmt::format("udev's rules for /dev/kvm ({}) let {} in", rule, who(host)));
    }
    return warn(
        fmt::format("{} may open /dev/kvm by a change made by hand, which udev takes back at its next event: its "
                    "rules say {}",
                    who(host),
                    rule),
        lasting_access(host, udev));
}

}  // namespace kvmkit
