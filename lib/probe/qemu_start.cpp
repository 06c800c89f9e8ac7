// SPDX-License-Identifier: Apache-2.0
#include "probe/qemu_start.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace kvmkit {
namespace {

struct MachineRow {
    std::string_view target;
    std::string_view machine;
};

constexpr std::array machines{
    MachineRow{"x86_64", "q35"},
    MachineRow{"i386", "q35"},
    MachineRow{"aarch64", "virt,gic-version=host"},
    MachineRow{"s390x", "s390-ccw-virtio"},
    MachineRow{"ppc64", "pseries"},
    MachineRow{"riscv64", "virt"},
    MachineRow{"loongarch64", "virt"},
};

/// A file in memory that QEMU reads its two commands from.
Result<UniqueFd> orders()
{
    constexpr std::string_view text = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"quit\"}\n";
    UniqueFd fd{::memfd_create("qmp", MFD_CLOEXEC)};
    const bool written = fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (!written || ::lseek(fd.get(), 0, SEEK_SET) != 0) {
        return errno_error(errno, "cannot keep QEMU's orders in memory");
    }
    return fd;
}

std::vector<std::string> argv_of(const QemuTrial& trial, std::string_view machine)
{
    const auto plain = trial.accel == "kvm" ? machine : machine.substr(0, machine.find(','));
    return {trial.program,
            "-S",
            "-no-user-config",
            "-nodefaults",
            "-display",
            "none",
            "-machine",
            std::string{plain},
            "-accel",
            trial.accel,
            "-cpu",
            trial.cpu,
            "-m",
            "128M",
            "-serial",
            "none",
            "-qmp",
            "stdio"};
}

/// The line that tells why: QEMU names the cause first and its own assertion, if any, after it.
std::string cause(std::string_view err)
{
    for (const auto line : lines(err)) {
        if (line.find("error") != std::string_view::npos || line.find("failed") != std::string_view::npos) {
            return std::string{trim(line)};
        }
    }
    const auto all = lines(err);
    return all.empty() ? std::string{} : std::string{trim(all.front())};
}

}  // namespace

Fact<QemuStart> start_qemu(Runner& runner, const QemuTrial& trial)
{
    const auto* row = std::ranges::find(machines, trial.target, &MachineRow::target);
    if (row == machines.end()) {
        return std::optional<QemuStart>{};
    }
    const auto fd = orders();
    if (!fd) {
        return fd.error();
    }
    const ChildCommand command{.argv = argv_of(trial, row->machine),
                               .timeout = trial.deadline.left(),
                               .input_fd = fd->get(),
                               .most_out = std::size_t{1} << 20U};
    const auto ended = runner.run(command);
    if (!ended) {
        return ended.error();
    }
    const bool started = ended->status == 0;
    return std::optional{QemuStart{shell_line(command.argv), started, started ? std::string{} : cause(ended->err)}};
}

}  // namespace kvmkit
