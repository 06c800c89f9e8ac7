# SPDX-License-Identifier: Apache-2.0
"""A vendor and a mirror on 127.0.0.1 for cases of dnf, zypper and pacman, with the stub packages of the case's own root."""
import os
import shutil
import subprocess
from pathlib import Path

from mirror_server import Server
from rpm_machine import DnfMachine
from rpm_stubs import inside


class RepoScene:
    """A machine that takes its packages from a vendor, and a mirror of that. Third parties have repositories, too."""

    archive, main, index, file = "", "", "repodata/repomd.xml", ""
    steps = 3  # write, write the record, refresh

    def __init__(self, machine: DnfMachine) -> None:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.machine = machine
        self.folder = machine.root.parent / "archives"
        for name in ("vendor", "mirror"):
            self.fill(self.folder / name / self.archive)
        self.vendor_server, self.server = Server(self.folder / "vendor"), Server(self.folder / "mirror")
        self.vendor, self.mirror = (self.url(each) for each in (self.vendor_server, self.server))
        self.path = machine.root / self.file
        self.settle()
        assert machine.run(*machine.fetch).code == 0

    def url(self, server: Server) -> str:
        return server.url.replace("/debian/", f"/{self.archive}/")

    def fill(self, archive: Path) -> None:
        """Copies what the case's root has as its repository, and an index as the package manager wants it."""
        shutil.rmtree(archive, ignore_errors=True)
        shutil.copytree(self.machine.root / "srv/repo", archive / self.main)

    def settle(self) -> None:
        """Writes the host's own repositories."""
        raise NotImplementedError

    def moved(self, text: str, target: str) -> str:
        """What the file is to be once the packages come from `target`."""
        raise NotImplementedError

    def write(self, text: str) -> None:
        self.path.write_bytes(text.encode("latin-1"))
        os.chmod(self.path, 0o640)
        os.utime(self.path, ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))

    def text(self) -> str:
        return self.path.read_bytes().decode("latin-1")

    def state(self) -> tuple:
        status = self.path.stat()
        return self.path.read_bytes(), status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns

    def others(self) -> dict:
        """The other files that package managers read: none of them is ever touched."""
        folders = [self.machine.root / each for each in ("etc/yum.repos.d", "etc/zypp/repos.d", "etc/pacman.d", "etc/dnf")]
        files = [each for folder in folders for each in folder.rglob("*") if each.is_file()] + [self.machine.root / "etc/pacman.conf"]
        return {str(each): each.read_bytes() for each in files if each != self.path}

    def lists(self) -> list:
        """What was fetched of the repositories."""
        folders = ("var/cache/dnf", "var/cache/libdnf5", "var/cache/zypp", "var/lib/pacman/sync")
        files = [each for folder in folders for each in (self.machine.root / folder).rglob("*")]
        return sorted((str(each), each.stat().st_mtime_ns) for each in files if each.is_file() and each.suffix in (".xml", ".gz", ".db"))

    def use(self, url: str = "", *more: str, **environment: str):
        return self.machine.setup("mirror", "use", url or self.mirror, *more, **environment)

    def catalogue(self, text: str) -> None:
        folder = self.machine.root / "etc/kvmkit"
        folder.mkdir(exist_ok=True)
        (folder / "mirrors.json").write_text(text)

    def asked_for_index(self) -> int:
        return sum(path.endswith(f"{self.main}/{self.index}") for path in self.server.asked)


class DnfScene(RepoScene):
    """Rocky Linux, whose repositories name lists of mirrors."""

    archive, main, file = "rocky", "9/BaseOS/x86_64/os", "etc/yum.repos.d/rocky.repo"
    key = "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9"
    ids = ("baseos", "crb")
    place = "$releasever/BaseOS/$basearch/os/"
    release = "9"

    def settle(self) -> None:
        root = self.machine.root
        (root / "etc/dnf/vars").mkdir(parents=True, exist_ok=True)
        (root / "etc/dnf/vars/releasever").write_text(f"{self.release}\n")  # no package of stubs says it
        for stale in (root / "etc/yum.repos.d").glob("*.repo"):
            stale.unlink()
        (root / "srv/other").mkdir()
        inside(root, "createrepo_c", "--quiet", "/srv/other")
        self.machine.repository("other", "# mine\nbaseurl=file:///srv/other\n")
        (self.folder / "vendor/list").write_text(f"{self.vendor}{self.main}/\n")
        base, off = self.ids
        self.write(f"# caf\xe9\n[{base}]\nname=Base $releasever\n{self.named()}\n"
                   f"#baseurl=http://dl.example.org/{self.place}\nenabled=1\ngpgcheck=0\n{self.key}\n\n"
                   f"; switched off\n[{off}]\nname = Builder\nmirrorlist = http://127.0.0.1:1/list\nenabled = 0\n{self.key}\n")

    def named(self) -> str:
        return f"mirrorlist={self.vendor_server.url.replace('/debian/', '/list')}"

    def moved(self, text: str, target: str) -> str:
        return text.replace(f"{self.named()}\n", f"#{self.named()}\nbaseurl={target}{self.place}\n")


class Dnf5Scene(DnfScene):
    """Fedora, likewise."""

    archive, main, file = "fedora", "releases/41/Everything/x86_64/os", "etc/yum.repos.d/fedora.repo"
    key = "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-fedora-$releasever-$basearch"
    ids = ("fedora", "fedora-source")
    place = "releases/$releasever/Everything/$basearch/os/"
    release = "41"


PRODUCT = """<?xml version="1.0" encoding="UTF-8"?>
<product schemeversion="0"><vendor>openSUSE</vendor><name>Leap</name><version>15.6</version><release>1</release><arch>x86_64</arch>
<summary>openSUSE Leap 15.6</summary></product>
"""


class ZypperScene(RepoScene):
    """openSUSE Leap, whose vendor is told by a catalogue of this host's own."""

    archive, main, file = "opensuse", "distribution/leap/15.6/repo/oss", "etc/zypp/repos.d/repo-oss.repo"
    place = "distribution/leap/$releasever/repo/oss/"
    release = "15.6"

    def settle(self) -> None:
        root = self.machine.root
        (root / "etc/products.d").mkdir(parents=True)
        (root / "etc/products.d/Leap.prod").write_text(PRODUCT)
        (root / "etc/products.d/baseproduct").symlink_to("Leap.prod")
        self.catalogue(f'{{"mirrors": [{{"name": "home", "where": "here", "opensuse": "{self.vendor}"}}]}}')
        (root / "etc/zypp/repos.d/stubs.repo").unlink()
        (root / "srv/other").mkdir()
        inside(root, "createrepo_c", "--quiet", "/srv/other")
        self.machine.repository("other", "# mine\nbaseurl=file:///srv/other\n")
        self.write(f"# caf\xe9\n[repo-oss]\nname=Main\nenabled=1\nautorefresh=1\nbaseurl={self.vendor}{self.place}\npath=/\n"
                   "type=rpm-md\ngpgcheck=0\n")

    def moved(self, text: str, target: str) -> str:
        return text.replace(f"baseurl={self.vendor}", f"baseurl={target}")


class PacmanScene(RepoScene):
    """Arch Linux, with its list of servers in a file of its own."""

    archive, main, index, file = "archlinux", "core/os/x86_64", "core.db", "etc/pacman.d/mirrorlist"
    release = "rolling"

    def fill(self, archive: Path) -> None:
        shutil.rmtree(archive, ignore_errors=True)
        shutil.copytree(self.machine.root / "srv/arch", archive / self.main)
        for index in list((archive / self.main).glob("stubs.*")):
            index.rename(index.with_name(index.name.replace("stubs.", "core.")))
        shutil.copy(archive / self.main / "core.db.tar.gz", archive / self.main / "whole")
        (archive / self.main / "core.db").unlink(missing_ok=True)  # was a link to a name that is no more
        (archive / self.main / "whole").rename(archive / self.main / "core.db")

    def settle(self) -> None:
        root = self.machine.root
        conf = root / "etc/pacman.conf"
        conf.write_text(conf.read_text().replace("[stubs]\n", "[core]\n# of Arch\nInclude = /etc/pacman.d/mirrorlist\n\n[stubs]\n"))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.write(f"## caf\xe9\n#Server = http://dl.example.org/$repo/os/$arch\nServer = {self.vendor}$repo/os/$arch\n")

    def moved(self, text: str, target: str) -> str:
        line = f"Server = {self.vendor}$repo/os/$arch\n"
        return text.replace(line, f"# host-setup mirror use wrote the next line\nServer = {target}$repo/os/$arch\n{line}")


SCENES = {"dnf": DnfScene, "dnf5": Dnf5Scene, "zypper": ZypperScene, "pacman": PacmanScene}


def scene_of(case):
    def run(machine: DnfMachine) -> None:
        case(machine, SCENES[machine.manager](machine))
    run.__name__ = case.__name__
    return run
