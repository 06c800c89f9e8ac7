# SPDX-License-Identifier: Apache-2.0
"""Cases' machines whose package manager is pacman."""
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pacman_stubs
from rpm_machine import DnfMachine


class PacmanMachine(DnfMachine):
    """The same root, which calls itself Arch Linux."""

    manager, family, mode = "pacman", "arch", None
    wanted = ["qemu-base", "libvirt", "dmidecode", "openbsd-netcat", "dnsmasq", "iptables-nft"]
    emulator = "qemu-base"
    needed = "libvirt-glue"
    version = pacman_stubs.VERSION
    locks = ()
    fetch = ("pacman", "-Sy", "--noconfirm")
    add = ("pacman", "-S", "--noconfirm")
    drop_alone = ("pacman", "-R", "--noconfirm")

    def __init__(self, lab: Path, program: Path) -> None:
        super().__init__(lab, program)
        (self.root / "usr/lib/os-release").write_text('ID=arch\nBUILD_ID=rolling\nPRETTY_NAME="Arch Linux (stub)"\n')
        (self.root / "var/lib/pacman/local").mkdir(parents=True, exist_ok=True)

    def replace(self, name: str, **parts) -> None:
        pacman_stubs.make_package(self.root, name, "99.2-1", **parts)
        self.index()

    def publish(self, name: str, version: str = "99.2-1", **parts) -> None:
        """The repository moves on, and nobody has seen it yet."""
        pacman_stubs.make_package(self.root, name, version, **parts)
        pacman_stubs.write_index(self.root)

    def age_lists(self) -> None:
        """As if they had been fetched the day before yesterday."""
        old = time.time() - 2 * 86400
        os.utime(self.root / "var/lib/pacman/sync", (old, old))
        shutil.rmtree(self.root / "var/cache/kvmkit/pacman", ignore_errors=True)

    def hold(self, seconds: float) -> subprocess.Popen:
        """As pacman does: its lock is there, and open, while it is at work. Killed, it leaves it behind."""
        code = ("import os,sys,time; f=os.open(sys.argv[1],os.O_CREAT|os.O_EXCL|os.O_WRONLY); print('held',flush=True); "
                "time.sleep(float(sys.argv[2])); os.close(f); os.unlink(sys.argv[1])")
        folder = self.root / "var/lib/pacman"
        folder.mkdir(parents=True, exist_ok=True)
        holder = subprocess.Popen([sys.executable, "-c", code, folder / "db.lck", str(seconds)], stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "held\n"
        return holder

    def drop(self, name: str) -> None:
        for package in (self.root / pacman_stubs.REPOSITORY).glob(f"{name}-99*"):
            package.unlink()
        self.index()

    def index(self) -> None:
        """As an Arch host is kept: the lists are fetched and the host upgraded, in one."""
        pacman_stubs.write_index(self.root)
        assert self.run("pacman", "-Syu", "--noconfirm").code == 0

    def repository(self, name: str, text: str) -> None:
        conf = self.root / "etc/pacman.conf"
        conf.write_text(conf.read_text() + f"[{name}]\nServer = {text.strip().removeprefix('baseurl=')}\n")

    def database(self) -> tuple:
        return tuple(sorted((path.name, path.stat().st_mtime_ns) for path in (self.root / "var/lib/pacman/local").glob("*")))

    def packages(self) -> list:
        return sorted("-".join(path.name.rsplit("-", 2)[:2]) for path in (self.root / "var/lib/pacman/local").glob("*-*"))

    def installed(self, name: str) -> bool:
        return any(each.rsplit("-", 1)[0] == name for each in self.packages())
