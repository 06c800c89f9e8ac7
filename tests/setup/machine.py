# SPDX-License-Identifier: Apache-2.0
"""One case's machine: the lab's root under an overlay that is gone when the case ends."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from stubs import make_package, write_index


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def record(self) -> dict:
        return json.loads(self.out)


class Machine:
    """A Debian root in which only this case writes. The mount namespace is the caller's, and private."""

    def __init__(self, lab: Path, program: Path) -> None:
        scratch = lab / "case"  # one place for all cases: each mounts its own there
        scratch.mkdir(exist_ok=True)
        mount("-t", "tmpfs", "-o", "size=400m", "case", str(scratch))
        self._make(scratch, "upper", "work", "root", "repo")
        self.root, self.repo, self.program = scratch / "root", scratch / "repo", program
        mount("-t", "overlay", "-o", f"lowerdir={lab / 'root'},upperdir={scratch / 'upper'},workdir={scratch / 'work'}",
              "case", str(self.root))
        subprocess.run(["cp", "-a", f"{lab / 'repo'}/.", str(self.repo)], check=True)
        self._devices()
        self._bind(self.repo, "srv/repo")
        (self.root / "host-setup").touch()
        mount("--bind", str(program), str(self.root / "host-setup"))
        self._libraries()
        self.sources("copy:/srv/repo ./")

    @staticmethod
    def _make(parent: Path, *names: str) -> Path:
        for name in names:
            (parent / name).mkdir()
        return parent

    def _bind(self, what: Path, where: str) -> None:
        (self.root / where).mkdir(parents=True, exist_ok=True)
        mount("--bind", str(what), str(self.root / where))

    def _devices(self) -> None:
        """A /dev of its own, with a /dev/kvm whose owner and mode may change."""
        mount("-t", "proc", "proc", str(self.root / "proc"))
        mount("-t", "tmpfs", "dev", str(self.root / "dev"))
        mount("-t", "tmpfs", "run", str(self.root / "run"))
        for name, major, minor in (("null", 1, 3), ("zero", 1, 5), ("urandom", 1, 9), ("random", 1, 8), ("tty", 5, 0),
                                   ("kvm", 10, 232)):
            os.mknod(self.root / "dev" / name, 0o20666, os.makedev(major, minor))
            os.chmod(self.root / "dev" / name, 0o600 if name == "kvm" else 0o666)

    def _libraries(self) -> None:
        """What a test build is linked with and a fresh root lacks; the shipped host-setup is static and needs none."""
        linked = subprocess.run(["ldd", self.program], capture_output=True, text=True, check=False).stdout
        for library in re.findall(r"=> (/\S+)", linked):
            place = self.root / library.lstrip("/")
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, place)

    def sources(self, *lines: str) -> None:
        (self.root / "etc/apt/sources.list").write_text("".join(f"deb [trusted=yes] {line}\n" for line in lines))

    def replace(self, name: str, **parts) -> None:
        """Puts another stub of that name into this case's repository."""
        make_package(self.repo, name, **parts)
        write_index(self.repo)

    def drop(self, name: str) -> None:
        (self.repo / f"{name}.deb").unlink()
        write_index(self.repo)

    def start(self, *words: str, **environment: str) -> subprocess.Popen:
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"} | environment
        return subprocess.Popen(["chroot", self.root, *words], env=clean, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *words: str, **environment: str) -> Result:
        process = self.start(*words, **environment)
        try:
            out, err = process.communicate(timeout=100)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            sys.exit(f"{words} hung")
        print(f"$ {' '.join(words)}  -> {process.returncode}\n{out}{err}")
        return Result(process.returncode, out, err)

    def setup(self, *words: str, **environment: str) -> Result:
        return self.run("/host-setup", *words, **environment)

    def database(self) -> tuple:
        """What any write of dpkg changes."""
        status = (self.root / "var/lib/dpkg/status").stat()
        return status.st_ino, status.st_mtime_ns, status.st_size

    def installed(self, name: str) -> bool:
        shown = subprocess.run(["dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W", "-f", "${Status}", name],
                               capture_output=True, text=True, check=False)
        return shown.stdout == "install ok installed"
