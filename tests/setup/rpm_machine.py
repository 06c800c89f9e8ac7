# SPDX-License-Identifier: Apache-2.0
"""Cases' machines whose package manager is dnf or zypper."""
import subprocess
from pathlib import Path

from cases import hold
from machine import Machine
from rpm_stubs import make_package, write_index


class DnfMachine(Machine):
    """A root that calls itself Rocky Linux, in which only this case writes; its repository is a part of it."""

    manager, family, mode = "dnf", "rhel", "modular"
    wanted = ["qemu-kvm", "libvirt"]
    emulator = "qemu-kvm"
    version = "99.1-1"  # of the stubs
    daemon = "libvirt"  # that of the wanted ones that brings libvirtd
    needed = "libvirt-daemon"  # what it brings along
    locks = ("var/lib/dnf/rpmdb_lock.pid", "var/cache/dnf/metadata_lock.pid")
    fetch = ("dnf", "-y", "makecache", "--refresh")
    add = ("dnf", "-y", "install")
    drop_alone = ("dnf", "-y", "remove", "--noautoremove")

    def _bind(self, what: Path, where: str) -> None:
        """The stubs lie in the root itself."""

    def sources(self, *lines: str) -> None:
        """Of apt: there is none of them here."""

    @property
    def brought(self) -> list:
        return sorted([*self.wanted, self.needed])

    def hold(self, seconds: float) -> subprocess.Popen:
        """Somebody at work, who keeps the database locked."""
        return hold(self, "var/lib/rpm/.rpm.lock", seconds)

    def replace(self, name: str, **parts) -> None:
        """Puts a newer stub of that name into this case's repository, and has it seen."""
        make_package(self.root, name, version="99.2", **parts)
        self.index()

    def drop(self, name: str) -> None:
        for package in (self.root / "srv/repo").glob(f"noarch/{name}-99*"):
            package.unlink()
        self.index()

    def index(self) -> None:
        write_index(self.root)
        assert self.run(*self.fetch).code == 0

    def repository(self, name: str, text: str) -> None:
        (self.root / f"etc/yum.repos.d/{name}.repo").write_text(f"[{name}]\nname={name}\nenabled=1\ngpgcheck=0\n{text}")

    def packages(self) -> list:
        shown = subprocess.run(["chroot", self.root, "rpm", "-qa", "--qf", "%{name}-%{version} "], capture_output=True, text=True,
                               check=True)
        return sorted(shown.stdout.split())

    def database(self) -> tuple:
        """What a transaction changes: what is there, and when it came."""
        shown = subprocess.run(["chroot", self.root, "rpm", "-qa", "--qf", "%{name} %{installtid}\n"], capture_output=True,
                               text=True, check=True)
        return tuple(sorted(shown.stdout.splitlines()))

    def installed(self, name: str) -> bool:
        return subprocess.run(["chroot", self.root, "rpm", "-q", name], stdout=subprocess.DEVNULL, check=False).returncode == 0


class Dnf5Machine(DnfMachine):
    """A root with dnf5 that calls itself Fedora."""

    manager, family = "dnf5", "fedora"
    locks = ()
    fetch = ("dnf5", "-y", "makecache", "--refresh")
    add = ("dnf5", "-y", "install")
    drop_alone = ("dnf5", "-y", "remove", "--no-autoremove")


class ZypperMachine(DnfMachine):
    """The same root, which calls itself openSUSE Leap."""

    manager, family = "zypper", "suse"
    wanted = ["qemu-kvm", "libvirt-daemon-qemu", "libvirt-client", "bridge-utils"]
    daemon = "libvirt-daemon-qemu"
    locks = ("run/zypp.pid",)
    fetch = ("zypper", "--non-interactive", "refresh")
    add = ("zypper", "--non-interactive", "install", "--no-recommends")
    drop_alone = ("zypper", "--non-interactive", "remove", "--no-clean-deps")

    def __init__(self, lab: Path, program: Path) -> None:
        super().__init__(lab, program)
        (self.root / "usr/lib/os-release").write_text(
            'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\nPRETTY_NAME="openSUSE Leap 15.6 (stub)"\n')
        self.repository("stubs", "baseurl=file:///srv/repo\n")

    def repository(self, name: str, text: str) -> None:
        folder = self.root / "etc/zypp/repos.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.repo").write_text(f"[{name}]\nname={name}\nenabled=1\ngpgcheck=0\nautorefresh=0\n{text}")
