# SPDX-License-Identifier: Apache-2.0
"""The host `nspawn`: a fresh Debian with systemd in a container, for what needs no kernel of its own. Its root is made once;
what a run writes is in memory and gone at its end. Its network is its own, with nothing but loopback."""
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cgroups
import freight
import suite as suites
from cache import built, recipe
from machine import Machine, followers, pass_on_all
from outcome import TIMED_OUT, Outcome
from packages import Missing

SUMMARY = "a fresh Debian 12 with systemd in a container: this machine's kernel, no network (about 10 s)"
SUITE = "bookworm"
PACKAGES = ["systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2"]
TOOL = "systemd-nspawn"
BOOT_AGAIN = 133  # how systemd-nspawn ends when the container was rebooted and somebody else is to start it
UNIT = f"""[Unit]
Description=the lab's command
After=multi-user.target
[Service]
ExecStart=/{freight.PLACE}/run
{{streams}}
[Install]
WantedBy=graphical.target
"""
FILES = "StandardOutput=append:/run/lab/out/stdout\nStandardError=append:/run/lab/out/stderr"
TERMINAL = ("StandardInput=tty-force\nStandardOutput=inherit\nStandardError=inherit\nTTYPath=/dev/console\n"
            "ExecStopPost=/bin/systemctl --no-block --force poweroff")


def declare(parser) -> None:
    freight.declare(parser)
    parser.add_argument("--boots", type=int, default=3, metavar="N", help="how often the command may have it booted again")


def root(more: list) -> Path:
    lines = suites.sources(SUITE)
    names = PACKAGES + sorted(more)

    def make(folder: Path) -> None:
        suites.make_root(folder / "root", lines, SUITE, names)
        suites.name_host(folder / "root", "lab-nspawn")

    return built("+".join(["nspawn", *sorted(more)]), [*lines, *names, recipe(Path(suites.__file__))], make) / "root"


def hide_runtime_folder() -> None:
    """systemd-nspawn leaves things in /run/systemd, and boots a container again only where that is in memory."""
    place = Path("/run/systemd/nspawn")
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", place], check=True)


def lay_over(lower: Path, folder: Path) -> Path:
    """The root with a tmpfs on top, in the mount namespace of this run."""
    memory = folder / "memory"
    memory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", memory], check=True)
    for name in ("upper", "work", "root"):
        (memory / name).mkdir()
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={memory}/upper,workdir={memory}/work", "lab",
                    memory / "root"], check=True)
    return memory / "root"


def furnish(merged: Path, options, folder: Path) -> None:
    shutil.copytree(freight.load(options, folder / "freight", "lab-reset-container"), merged, dirs_exist_ok=True)
    (merged / freight.PLACE / "job").write_text(freight.job_text(options, "nspawn", 0))
    units = merged / "etc/systemd/system"
    (units / "lab.service").write_text(UNIT.format(streams=TERMINAL if options.shell else FILES))
    (units / "graphical.target.wants").mkdir(exist_ok=True)
    (units / "graphical.target.wants/lab.service").symlink_to("/etc/systemd/system/lab.service")
    if options.shell:
        (units / "console-getty.service").symlink_to("/dev/null")


def boots(merged: Path) -> int:
    counter = merged / freight.PLACE / "boots"
    return int(counter.read_text() or 0) if counter.exists() else 0


def boot_until_over(words: list, options, outcome: Outcome, over) -> bool:
    """Boots the container as often as it asks for that; whether it, or the command, ended before the deadline."""
    watching = followers(outcome.folder / "out")
    while True:
        with Machine(words, outcome.folder / "serial.log", foreground=options.shell) as machine:
            ended = machine.wait(options.deadline, each=lambda: pass_on_all(watching), until=over)
            if machine.process.poll() != BOOT_AGAIN or over():
                break
    pass_on_all(watching)
    return ended


def boot(merged: Path, options, outcome: Outcome) -> None:
    out = outcome.folder / "out"
    words = [TOOL, "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network", "--resolv-conf=off",
             "--timezone=off", "--link-journal=no", "--setenv=SYSTEMD_COLORS=0", f"--bind={out}:/run/lab/out", "-D", merged,
             *(["--show-status=no"] if options.shell else [])]

    def over() -> bool:
        return (out / "exit").exists() or boots(merged) > options.boots

    ended = boot_until_over(words, options, outcome, over)
    if options.shell:
        outcome.code = 0
    elif (out / "exit").exists():
        outcome.code = int((out / "exit").read_text())
    elif not ended:
        outcome.code, outcome.why = TIMED_OUT, "the deadline came first"
    elif boots(merged) > options.boots:
        outcome.why = f"it asked for more than {options.boots} boots (--boots allows more)"
    else:
        outcome.why = "the host went down before the command had ended"


def run(options, outcome: Outcome) -> None:
    if shutil.which(TOOL) is None:
        raise Missing(f"{TOOL} is not installed; apt-get install systemd-container")
    if options.shell and not sys.stdin.isatty():
        raise Missing("a shell needs a terminal")
    lower = root(options.packages)
    started = time.monotonic()
    options.deadline = started + options.timeout
    (outcome.folder / "out").mkdir()
    hide_runtime_folder()
    merged = lay_over(lower, outcome.folder)
    furnish(merged, options, outcome.folder)
    try:
        with cgroups.own_group():
            boot(merged, options, outcome)
    finally:
        subprocess.run(["umount", "--lazy", "--recursive", outcome.folder / "memory"], check=False)
    for name in ("stdout", "stderr", "gtest.xml"):
        if (outcome.folder / "out" / name).exists():
            shutil.copy(outcome.folder / "out" / name, outcome.folder / name)
    outcome.seconds = time.monotonic() - started
