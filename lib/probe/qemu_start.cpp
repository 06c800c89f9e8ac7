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

struct Emulator {
    std::string_view arch;
    std::string_view program;
    std::string_view machine;
};

constexpr std::array emulators{
    Emulator{"x86_64", "qemu-system-x86_64", "q35"},
    Emulator{"i686", "qemu-system-i386", "q35"},
    Emulator{"aarch64", "qemu-system-aarch64", "virt,gic-version=host"},
    Emulator{"s390x", "qemu-system-s390x", "s390-ccw-virtio"},
    Emulator{"ppc64le", "qemu-system-ppc64", "pseries"},
    Emulator{"riscv64", "qemu-system-riscv64", "virt"},
    Emulator{"loongarch64", "qemu-system-loongarch64", "virt"},
};

/// Red Hat's QEMU goes by one name on every architecture and lies where no PATH leads.
constexpr const char* red_hat_program = "/usr/libexec/qemu-kvm";

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

std::vector<std::string> argv_of(std::string program, const Emulator& emulator, const QemuTrial& trial)
{
    std::string machine{emulator.machine};
    if (trial.accel != "kvm") {
        machine = machine.substr(0, machine.find(','));
    }
    return {std::move(program),
            "-S",
            "-no-user-config",
            "-nodefaults",
            "-display",
            "none",
            "-machine",
            machine,
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
    const auto* emulator = std::ranges::find(emulators, trial.arch, &Emulator::arch);
    if (emulator == emulators.end()) {
        return std::optional<QemuStart>{};
    }
    for (std::string program : {std::string{emulator->program}, std::string{red_hat_program}}) {
        const auto fd = orders();
        if (!fd) {
            return fd.error();
        }
        const ChildCommand command{.argv = argv_of(std::move(program), *emulator, trial),
                                   .timeout = trial.deadline.left(),
                                   .input_fd = fd->get(),
                                   .most_out = std::size_t{1} << 20U};
        const auto ended = runner.run(command);
        if (!ended && ended.error().code == ErrorCode::not_found) {
            continue;
        }
        if (!ended) {
            return ended.error();
        }
        const bool started = ended->status == 0;
        return std::optional{QemuStart{shell_line(command.argv), started, started ? std::string{} : cause(ended->err)}};
    }
    return std::optional<QemuStart>{};
}

}  // namespace kvmkit
