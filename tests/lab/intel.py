# SPDX-License-Identifier: Apache-2.0
"""The host `intel`: kvm_intel with nested VMX under bochs, the one emulator in Debian that has Intel's VMX. It has no shared
folders: the command's files go into its memory from the boot CD, its output comes back over serial lines."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import initramfs
import programs
from cache import SOURCE
from kernel import Kernel, kernel
from machine import Machine, followers, pass_on_all
from outcome import TIMED_OUT, Outcome
from packages import Missing
from unpacked import unpacked

SUMMARY = "Intel VT-x: Debian's kernel and kvm_intel under bochs, with the command's own files only (about 30 s)"
BOOT_LOADER = ["/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/syslinux/modules/bios/ldlinux.c32"]
# bochs' own firmware locks VMX on, as that of a normal host does. SeaBIOS leaves it to what comes next.
FIRMWARE = ("/usr/share/bochs/BIOS-bochs-latest", "/usr/share/bochs/VGABIOS-lgpl-latest")
OPEN_FIRMWARE = ("/usr/share/seabios/bios.bin", "/usr/share/seabios/vgabios-stdvga.bin")
# The kernel's self-tests of its ciphers alone take 10 s here.
KERNEL_WORDS = "console=ttyS0,115200 nokaslr mitigations=off cryptomgr.notests"
COMPLAINT = re.compile(r"following message:\s*(.+)")
SIGNS_OF_DEATH = {"---[ end Kernel panic": "its kernel panicked", "reboot: Restarting system": "the host was restarted"}


def declare(parser) -> None:
    parser.add_argument("--nested", choices=("on", "off"), default="on", help="the nested option of kvm_intel")
    parser.add_argument("--no-module", action="store_true", help="kvm_intel is not loaded")
    parser.add_argument("--firmware-off", action="store_true", help="the firmware switched VT-x off and locked it")
    parser.add_argument("--with", dest="extra", action="append", default=[], metavar="FILE",
                        help="a file, program or folder that the command needs; it gets the same path there")


def job_text(options) -> str:
    """The settings that guest/intel.sh reads, as shell."""
    settings = {
        "host": "lab-intel", "folder": os.getcwd(), "shell": "yes" if options.shell else "",
        "kvm_options": "" if options.no_module else f"nested={int(options.nested == 'on')}",
        "term": os.environ.get("TERM", ""), "path": str((SOURCE / options.build / "bin").resolve()),
    }
    lines = [f"lab_{name}={shlex.quote(value)}\n" for name, value in settings.items()]
    environment = {name: value for name, value in os.environ.items() if name.startswith("KVMKIT_")}
    lines += [f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()]
    return "".join(lines) + f"set -- {shlex.join(options.command)}\n"


def own_files(options) -> bytes:
    """An archive with the command's program, the tools of the build that its words name, and what --with asks for. What
    else the command calls is busybox's."""
    tools = (SOURCE / options.build / "bin").resolve()
    wanted = [Path(path).absolute() for path in options.extra]
    wanted += [tool for tool in sorted(tools.glob("*")) if tool.name in " ".join(options.command)]
    if options.command:
        program = shutil.which(options.command[0], path=f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
        if program:
            wanted.append(Path(program).absolute())
            options.command = [str(wanted[-1]), *options.command[1:]]
    archive = initramfs.Archive()
    for path in wanted:
        programs.add(archive, path)
    archive.add("job", job_text(options).encode())
    return archive.bytes()


def make_disc(which: Kernel, options, folder: Path) -> Path:
    """The boot CD. Made for each run: writing it takes less than a second, and the binaries are new each time."""
    tree, disc = folder / "disc", folder / "disc.iso"
    early, own = initramfs.early(which, "intel.sh", ["kvm_intel"]), own_files(options)
    tree.mkdir()
    for path in BOOT_LOADER:
        shutil.copy(path, tree)
    os.link(unpacked(which, options.firmware_off), tree / "vmlinuz")
    (tree / "initrd").write_bytes(early.read_bytes() + own)
    (tree / "isolinux.cfg").write_text(f"default lab\nlabel lab\nkernel /vmlinuz\nappend initrd=/initrd {KERNEL_WORDS}\n")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", disc, "-b", "isolinux.bin", "-c", "boot.cat",
                    "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", tree], check=True, capture_output=True)
    shutil.rmtree(tree)
    return disc


def machine_words(options, folder: Path, disc: Path) -> list:
    """bochs' command line. With a VNC display, which nobody looks at, it needs no terminal."""
    system, video = OPEN_FIRMWARE if options.firmware_off else FIRMWARE
    console = f"mode=term, dev={os.ttyname(0)}" if options.shell else f'mode=file, dev="{folder}/serial.log"'
    lines = ["cpu: model=corei7_haswell_4770, count=1, ips=50000000", "megs: 512", f"romimage: file={system}",
             f"vgaromimage: file={video}", f'ata0-master: type=cdrom, path="{disc}", status=inserted', "boot: cdrom",
             'display_library: rfb, options="timeout=0"', f'log: "{folder}/bochs.log"', "panic: action=fatal",
             "error: action=ignore", "info: action=ignore", f"com1: enabled=1, {console}"]
    for number, name in ((2, "stdout"), (3, "stderr"), (4, "report")):
        lines.append(f'com{number}: enabled=1, mode=file, dev="{folder}/{name}"')
    (folder / "bochsrc").write_text("\n".join(lines) + "\n")
    (folder / "debugger").write_text("continue\n")  # Debian's bochs has a debugger, which would wait for a word to start
    return ["bochs", "-q", "-f", folder / "bochsrc", "-rc", folder / "debugger"]


def death(outcome: Outcome) -> str:
    log = outcome.text("serial.log")
    return next((why for sign, why in SIGNS_OF_DEATH.items() if sign in log), "")


def boot(words: list, outcome: Outcome, deadline: float) -> None:
    """Runs the machine until its report is there; fills in what came of it."""
    watching = followers(outcome.folder)

    def reported():
        return re.search(r"^exit=(\d+)\n", outcome.text("report"), re.MULTILINE)

    with Machine(words, outcome.folder / "emulator.log") as machine:
        ended = machine.wait(deadline, each=lambda: pass_on_all(watching), until=lambda: reported() or death(outcome))
    answer, complaint = reported(), COMPLAINT.search(outcome.text("emulator.log"))
    if answer:
        outcome.code = int(answer.group(1))
        report = outcome.text("report")[:answer.start()]
        if report:
            (outcome.folder / "gtest.xml").write_text(report)
    elif not ended:
        outcome.code, outcome.why = TIMED_OUT, "the deadline came first"
    else:
        outcome.why = death(outcome) or f"bochs ended: {complaint.group(1) if complaint else 'it did not say why'}"


def run(options, outcome: Outcome) -> None:
    if options.shell and not sys.stdin.isatty():
        raise Missing("a shell needs a terminal")
    started = time.monotonic()
    disc = make_disc(kernel(), options, outcome.folder)
    settings = termios.tcgetattr(0) if options.shell else None
    try:
        boot(machine_words(options, outcome.folder, disc), outcome, options.deadline)
    finally:
        disc.unlink()
        if settings:
            termios.tcsetattr(0, termios.TCSANOW, settings)
        outcome.seconds = time.monotonic() - started
