# SPDX-License-Identifier: Apache-2.0
"""Hosts that borrow this machine's root file system: Debian's kernel under QEMU's emulator, which has AMD's SVM. The root
comes read-only over 9p with a tmpfs on top, so the binaries just built are there and nothing on the machine changes."""
import os
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import initramfs
from cache import SOURCE
from kernel import kernel
from machine import Machine, followers, pass_on_all
from outcome import TIMED_OUT, Outcome

EARLY_MODULES = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_blk", "virtio_net"]
RESET = "reset"


@dataclass
class Wanted:
    """What distinguishes one host from another."""

    host: str
    cpu: str = "max"
    kvm_options: str = "nested=1"  # of kvm_amd; "" leaves the module out
    kvm_device: str = ""  # "" as udev makes it, "absent", or an octal mode for root:root
    load: list = field(default_factory=list)  # further modules
    address: str = ""  # of eth0, with its prefix length
    ssh: str = ""  # the unpacked ssh server to start, "" for none
    machine: list = field(default_factory=list)  # further words for QEMU


def job_text(wanted: Wanted, options, modules: Path, boot: int) -> str:
    """The settings that guest/main.sh reads, as shell."""
    settings = {
        "host": f"lab-{wanted.host}", "boot": str(boot), "modules": str(modules), "folder": os.getcwd(),
        "kvm_options": wanted.kvm_options, "kvm_device": wanted.kvm_device, "load": " ".join(wanted.load),
        "address": wanted.address, "ssh": wanted.ssh, "shell": "yes" if options.shell else "",
        "term": os.environ.get("TERM", ""), "path": str((SOURCE / options.build / "bin").resolve()),
    }
    lines = [f"lab_{name}={shlex.quote(value)}\n" for name, value in settings.items()]
    environment = {name: value for name, value in os.environ.items() if name.startswith("KVMKIT_")}
    lines += [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
    return "".join(lines) + f"lab_command=({shlex.join(options.command)})\n"


def network_words(count: int) -> list:
    """Cards on a private segment of their own: they reach each other and nothing else."""
    words = ["-nic", "none"]
    for number in range(count):
        words += ["-netdev", f"hubport,id=lab{number},hubid=0",
                  "-device", f"virtio-net-pci,netdev=lab{number},mac=52:54:00:1a:b0:{number:02x}"]
    return words


def disk_words(options, folder: Path) -> list:
    if not options.disk:
        return []
    image = folder / "disk.img"
    if not image.exists():
        subprocess.run(["truncate", "-s", options.disk, image], check=True)
    return ["-drive", f"file={image},format=raw,if=virtio,cache=writethrough"]


def qemu_words(wanted: Wanted, options, which, folder: Path) -> list:
    # A busy machine ticks too late for the kernel's test of its timer, which panics.
    append = (f"console=ttyS0 panic=-1 quiet mitigations=off no_timer_check random.trust_cpu=1 net.ifnames=0 "
              f"lab.run={folder} lab.main={initramfs.GUEST / 'main.sh'}")
    console = ["-chardev", f"{'stdio,signal=off' if options.shell else 'null'},id=console,logfile={folder / 'serial.log'},"
                           "logappend=on", "-serial", "chardev:console", "-monitor", "none"]
    shares = []
    for tag, path, more in (("root", "/", ",readonly=on"), ("out", folder / "out", "")):
        shares += ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap{more}"]
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            # One thread for all CPUs: with one each, QEMU 7.2 loses interrupts under SVM, and the host locks up.
            "-accel", "tcg,thread=single", "-smp", options.cpus, "-cpu", wanted.cpu, "-m", options.memory,
            "-kernel", which.image, "-initrd", initramfs.early(which, "early.sh", EARLY_MODULES), "-append", append,
            *console, *shares, *disk_words(options, folder), *(wanted.machine or network_words(options.nics))]


def reported(folder: Path) -> str:
    path = folder / "out/exit"
    return path.read_text().strip() if path.exists() else ""


def collect(folder: Path) -> None:
    for name in ("stdout", "stderr", "gtest.xml"):
        if (folder / "out" / name).exists():
            shutil.copy(folder / "out" / name, folder / name)


def boot_once(words: list, outcome: Outcome, options, attend) -> None:
    """Runs the machine until it switches itself off; fills in what came of it. attend(machine) is called all the while."""
    folder = outcome.folder
    with Machine(words, folder / "emulator.log", foreground=options.shell) as machine:
        ended = machine.wait(options.deadline, until=lambda: attend(machine))
        code = machine.process.poll()
    answer = reported(folder)
    if not ended:
        outcome.code, outcome.why = TIMED_OUT, "the deadline came first"
    elif code not in (0, None):
        outcome.why = f"QEMU ended with code {code}: {outcome.text('emulator.log').strip()[-400:]}"
    elif answer.isdigit():
        outcome.code = int(answer)
    elif answer != RESET:
        outcome.why = "the host went down before the command had ended"


def run(wanted: Wanted, options, outcome: Outcome, beside=lambda machine: False) -> None:
    """Boots the host, once more after each reset that its command asks for. beside(machine) is called all the while; true
    ends the machine."""
    which, folder = kernel(), outcome.folder
    (folder / "out").mkdir(exist_ok=True)
    started, watching = time.monotonic(), followers(folder / "out")

    def attend(machine) -> bool:
        pass_on_all(watching)
        return beside(machine)

    for boot in range(1, options.boots + 1):
        (folder / "out/exit").unlink(missing_ok=True)
        (folder / "job").write_text(job_text(wanted, options, which.modules, boot))
        boot_once(qemu_words(wanted, options, which, folder), outcome, options, attend)
        if reported(folder) != RESET or outcome.why:
            break
    else:
        outcome.why = f"it asked for more than {options.boots} boots (--boots allows more)"
    pass_on_all(watching)
    collect(folder)
    outcome.seconds = time.monotonic() - started
