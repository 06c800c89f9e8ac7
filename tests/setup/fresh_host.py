# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian with systemd, in which only this case writes. The mount namespace is the caller's, and private."""
import hashlib
import re
import shutil
import stat
import subprocess
from pathlib import Path

import booted
from stubs import make_package

SIZE = "4g"
PROGRAM = "opt/kvmkit"
MADE_AT_RANDOM = re.compile(rb"<uuid>[^<]*</uuid>|<mac address='[^']*'/>")  # by libvirtd, in the file of its default network
KEPT_BY_OTHERS = {"etc/systemd/system/case.service", "etc/systemd/system/default.target.wants/case.service"}


class FreshHost:
    made = 0

    def __init__(self, place: Path, program: Path, repository: str = "repo") -> None:
        self.repository = place / repository
        FreshHost.made += 1
        scratch = place / f"case{FreshHost.made}"  # one place for all cases: each mounts its own there
        scratch.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "case", scratch], check=True)
        for name in ("upper", "work", "root"):
            (scratch / name).mkdir()
        self.root = scratch / "root"
        subprocess.run(["mount", "-t", "overlay", "-o",
                        f"lowerdir={place}/root,upperdir={scratch}/upper,workdir={scratch}/work", "case", self.root], check=True)
        (self.root / "etc/apt/sources.list").write_text("deb [trusted=yes] copy:/srv/repo ./\n")
        (self.root / "srv/repo").mkdir()
        self.program = program
        self._program(program)

    def _program(self, program: Path) -> None:
        """With the libraries that a test build is linked with and their loader: the suite's own may be older."""
        folder = self.root / PROGRAM
        folder.mkdir(parents=True)
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        libraries = re.findall(r"=> (/\S+)", linked)
        loader = re.search(r"^\s*(/\S*ld-linux\S*)", linked, re.MULTILINE)
        for library in libraries:
            shutil.copy(library, folder)
        shutil.copy(program, folder / "program")
        start = f"/{PROGRAM}/program"
        if loader:
            shutil.copy(loader.group(1), folder / "loader")
            start = f"/{PROGRAM}/loader --library-path /{PROGRAM} {start}"
        (self.root / "host-setup").write_text(f"#!/bin/sh\nexec {start} \"$@\"\n")
        (self.root / "host-setup").chmod(0o755)

    def stub(self, name: str, **parts) -> None:
        folder = self.root / "srv/stubs"
        folder.mkdir(exist_ok=True)
        make_package(folder, name, **parts)

    def from_outside(self, command: str, *words: str) -> subprocess.CompletedProcess:
        """This machine's host-setup, told that the host is an image: nothing in it runs."""
        subprocess.run(["mount", "--bind", self.repository, self.root / "srv/repo"], check=True)
        try:
            own_run = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs run /run && exec "$@"', "sh"]  # for its lock
            done = subprocess.run([*own_run, self.program, command, "--root", self.root, *words], stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, check=False, timeout=600)
        finally:
            subprocess.run(["umount", self.root / "srv/repo"], check=True)
        print(f"# {command} --root {' '.join(words)} -> {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done

    def boot(self, script: dict, seconds: int = 400) -> dict:
        return booted.boot(self.root, script, {"/srv/repo": self.repository}, seconds)


def picture(folder: Path) -> dict:
    """What each file below a folder is: kind, mode, owner, and bytes or target, less what is made at random each time."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            what = str(path.readlink())
        elif path.is_file():
            what = hashlib.sha256(MADE_AT_RANDOM.sub(b"", path.read_bytes())).hexdigest()
        else:
            what = stat.S_IFMT(status.st_mode)
        found[str(path.relative_to(folder))] = (oct(status.st_mode), status.st_uid, status.st_gid, what)
    return found


def differences(before: dict, after: dict) -> dict:
    names = sorted(set(before) | set(after))
    return {name: (before.get(name), after.get(name)) for name in names
            if before.get(name) != after.get(name) and f"etc/{name}" not in KEPT_BY_OTHERS}
