// SPDX-License-Identifier: Apache-2.0
#include "probe/other_user.hpp"

#include "facts/access.hpp"
#include "kvm/isolated.hpp"

#include <fcntl.h>
#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// What the child that became the user reports. Plain data: it comes through a pipe.
struct Attempt {
    bool became = false;
    Answer open;
};

bool become(const UserFacts& user, const std::vector<gid_t>& groups)
{
    // The primary group is among them; which of them is the effective one makes no difference to open(2).
    return ::setgroups(groups.size(), groups.data()) == 0 && ::setresgid(groups[0], groups[0], groups[0]) == 0 &&
           ::setresuid(user.uid, user.uid, user.uid) == 0;
}

/// Absent: we could not become the user.
std::optional<Answer> open_in_child(const UserFacts& user, const std::string& device, Deadline deadline)
{
    const std::vector<gid_t> groups(user.gids.begin(), user.gids.end());
    const auto child = kvm::run_isolated(
        [&](int report_fd) {
            Attempt attempt;
            attempt.became = become(user, groups);
            if (attempt.became) {
                const int fd = ::open(device.c_str(), O_RDWR | O_CLOEXEC);
                attempt.open = {.errnum = fd < 0 ? errno : 0};
            }
            (void)!::write(report_fd, &attempt, sizeof attempt);
        },
        sizeof(Attempt),
        deadline);
    if (!child || child->record.size() != sizeof(Attempt)) {
        return std::nullopt;
    }
    Attempt attempt;
    std::memcpy(&attempt, child->record.data(), sizeof attempt);
    return attempt.became ? std::optional{attempt.open} : std::nullopt;
}

Answer judge_by_mode(UserFacts& user, const DeviceNode& node)
{
    user.witness = AccessWitness::read_of_mode;
    return may_read_and_write(node, user) ? Answer{} : Answer{.value = -1, .errnum = EACCES};
}

}  // namespace

Answer try_open_as(UserFacts& user, const DeviceNode& node, const std::string& device, Deadline deadline)
{
    if (::geteuid() == 0 && !user.gids.empty()) {
        if (const auto opened = open_in_child(user, device, deadline)) {
            user.witness = AccessWitness::opened_as;
            return *opened;
        }
    }
    return judge_by_mode(user, node);
}

void take_place(UserFacts user, HostFacts& host)
{
    const bool known = host.kvm.node && *host.kvm.node && (*host.kvm.node)->kind == NodeKind::kvm_device;
    if (known) {
        const Answer open = judge_by_mode(user, **host.kvm.node);
        take_place(std::move(user), open, host);
    } else {
        host.user = std::optional{std::move(user)};
    }
}

void take_place(UserFacts user, const Answer& open, HostFacts& host)
{
    KvmFacts& kvm = host.kvm;
    const bool refused_us = kvm.open && *kvm.open && ((*kvm.open)->errnum == EACCES || (*kvm.open)->errnum == EPERM);
    if (!open.ok()) {
        kvm.open = std::optional{open};
        clear_answers(kvm);
    } else if (refused_us) {
        kvm.open = std::optional{open};
        forget_answers(kvm,
                       Error{ErrorCode::permission, fmt::format("only {} may open /dev/kvm, not who asks", user.name)});
    } else if (!kvm.open) {
        kvm.open = std::optional{open};
    }
    host.user = std::optional{std::move(user)};
}

}  // namespace kvmkit
