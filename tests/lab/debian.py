# SPDX-License-Identifier: Apache-2.0
"""The hosts `debian` and `trixie`: a fresh minimal Debian with systemd and ssh under QEMU's emulator, which has AMD's SVM.
Its image is made once; each run writes to an overlay of its own, and reaches the package mirrors through QEMU's own NAT."""
import subprocess
import tarfile
import time
from pathlib import Path

import borrowed
import freight
from image import image
from machine import POLL_SECONDS, Machine, followers, pass_on_all
from monitor import Monitor
from outcome import TIMED_OUT, Outcome
from packages import Missing
from ssh import CONNECTION_LOST, Ssh

SUMMARY = "a fresh minimal Debian 12 with systemd and ssh, nothing else, AMD-V, the mirrors in reach (about 1 min)"
SUMMARY_TRIXIE = "the same with Debian 13"
TIMEOUT = 900
ASK_SECONDS = 60
RESET, ENDED, LATE, REFUSED = "reset", "ended", "late", "refused"


def declare(parser) -> None:
    freight.declare(parser)
    parser.add_argument("--nics", type=int, default=0, metavar="N", help="further cards on a private segment of their own")


def qemu_words(options, folder: Path, base: Path, key: str) -> list:
    overlay = folder / "overlay"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base / "disk", "-F", "raw", overlay], check=True)
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "pc",
            # One thread for all CPUs: see borrowed.py.
            "-accel", "tcg,thread=single", "-smp", options.cpus, "-cpu", "max", "-m", options.memory,
            "-kernel", base / "vmlinuz", "-initrd", base / "initrd.img",
            "-append", "root=/dev/vda rw console=ttyS0 mitigations=off no_timer_check SYSTEMD_COLORS=0", "-smbios", key,
            "-drive", f"file={overlay},format=qcow2,if=virtio,cache=unsafe", *borrowed.disk_words(options, folder),
            "-netdev", "user,id=uplink,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22",
            "-device", "virtio-net-pci,netdev=uplink,addr=3,mac=52:54:00:1a:b1:00",
            *borrowed.network_words(options.nics)[2:],
            "-chardev", f"null,id=console,logfile={folder / 'serial.log'}", "-serial", "chardev:console"]


class Run:
    """One run of a host: booted, once more after each reset, until the command's end, its own end or the deadline."""

    def __init__(self, options, outcome: Outcome, machine: Machine, monitor: Monitor, ssh: Ssh):
        self.options, self.outcome, self.machine, self.monitor, self.ssh = options, outcome, machine, monitor, ssh
        self.watching, self.freight = followers(outcome.folder), outcome.folder / "freight"
        self.resets_seen = 0

    def trouble(self, booting: bool = False) -> str:
        """What ends a boot before its command has ended; "" if nothing has. A host that boots may be reset on the way: its
        firmware does it."""
        pass_on_all(self.watching)
        self.monitor.attend()
        if self.monitor.resets != self.resets_seen and not booting:
            return RESET
        if self.machine.process.poll() is not None:
            return ENDED
        return LATE if time.monotonic() > self.options.deadline else ""

    def until(self, holds, booting: bool = False) -> str:
        while not (trouble := self.trouble(booting)) and not holds():
            time.sleep(POLL_SECONDS)
        return trouble

    def finish(self, process: subprocess.Popen) -> str:
        """Waits for an ssh client; trouble ends it."""
        trouble = self.until(lambda: process.poll() is not None)
        if trouble:
            process.kill()
        process.wait()
        return trouble

    def prepare(self, boot: int) -> str:
        """Waits for the ssh server, hands over the freight and waits for the end of the boot."""
        trouble = self.until(self.ssh.answers, booting=True)
        self.resets_seen = self.monitor.resets
        if trouble:
            return trouble
        (self.freight / freight.PLACE / "job").write_text(freight.job_text(self.options, self.options.host, boot))
        archive = self.outcome.folder / "freight.tar"
        with tarfile.open(archive, "w") as tar:
            for path in self.freight.iterdir():
                tar.add(path, path.name, filter=owned_by_root)
        command = ("tar -x -C / -f - && mkdir -p /run/lab/out && { systemctl is-system-running --wait || systemctl --failed; } &&"
                   " udevadm settle")  # udev loads modules beside the boot
        with open(archive, "rb") as source, open(self.outcome.folder / "boot.log", "ab") as log:
            process = self.ssh.start(command, source, log, log)
            return self.finish(process) or (REFUSED if process.returncode else "")

    def command(self) -> str:
        """Runs the command; where the connection broke, waits for what became of the host."""
        place = f"/{freight.PLACE}/run"
        if self.options.shell:
            process = self.ssh.start(place, None, None, None, terminal=True)
            trouble = self.finish(process)
        else:
            with open(self.outcome.folder / "stdout", "ab") as out, open(self.outcome.folder / "stderr", "ab") as err:
                process = self.ssh.start(place, subprocess.DEVNULL, out, err)
                trouble = self.finish(process)
        code = process.returncode
        if not trouble and code == CONNECTION_LOST and not self.options.shell:
            answer = self.ssh.ask("cat /run/lab/out/exit", ASK_SECONDS)
            if not answer.isdigit():
                return self.until(lambda: False)
            code = int(answer)
        if not trouble:
            self.outcome.code = 0 if self.options.shell else code
            self.fetch_report()
        return trouble

    def fetch_report(self) -> None:
        """What a GoogleTest program wrote about itself."""
        report = self.ssh.ask("cat /run/lab/out/gtest.xml", ASK_SECONDS) if not self.options.shell else ""
        if report:
            (self.outcome.folder / "gtest.xml").write_text(report)

    def notes(self) -> str:
        return f"{self.outcome.text('ssh.log')}{self.outcome.text('boot.log')}".strip()[-400:]

    def boots(self) -> None:
        for boot in range(1, self.options.boots + 1):
            trouble = self.prepare(boot) or self.command()
            if trouble != RESET:
                break
        else:
            self.outcome.why = f"it asked for more than {self.options.boots} boots (--boots allows more)"
        if trouble == LATE:
            self.outcome.code, self.outcome.why = TIMED_OUT, "the deadline came first"
        elif trouble == REFUSED:
            self.outcome.why = f"the host did not take the command over ssh: {self.notes()}"
        elif trouble == ENDED:
            self.outcome.why = "the host went down before the command had ended"
        pass_on_all(self.watching)


def owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def run_suite(suite: str, options, outcome: Outcome) -> None:
    base = image(suite, options.packages)
    started = time.monotonic()
    options.deadline = started + options.timeout
    freight.load(options, outcome.folder / "freight", "lab-reset")
    monitor, ssh = Monitor(), Ssh(outcome.folder)
    words = qemu_words(options, outcome.folder, base, ssh.make_key()) + monitor.words()
    log = outcome.folder / "emulator.log"
    with Machine(words, log, inherit=(monitor.theirs.fileno(),)) as machine:
        ssh.port = monitor.forwarded_port()
        if not ssh.port:
            raise Missing(f"QEMU does not start: {outcome.text('emulator.log').strip()[-400:]}")
        Run(options, outcome, machine, monitor, ssh).boots()
    outcome.seconds = time.monotonic() - started


def run(options, outcome: Outcome) -> None:
    run_suite("bookworm", options, outcome)


def run_trixie(options, outcome: Outcome) -> None:
    run_suite("trixie", options, outcome)
