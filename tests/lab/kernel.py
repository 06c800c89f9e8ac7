# SPDX-License-Identifier: Apache-2.0
"""Debian's full kernel with its modules, from its package."""
import subprocess
from dataclasses import dataclass
from pathlib import Path

import packages
from cache import built

METAPACKAGE = "linux-image-amd64"


@dataclass
class Kernel:
    version: str  # as uname -r prints it
    image: Path
    root: Path  # holds lib/modules/VERSION

    @property
    def modules(self) -> Path:
        return self.root / "lib/modules" / self.version


def kernel() -> Kernel:
    packages.known(METAPACKAGE)
    package = packages.dependency(METAPACKAGE, r"linux-image-[0-9]\S*")
    version = packages.known(package)

    def make(folder: Path) -> None:
        packages.unpack(package, version, folder)
        subprocess.run(["depmod", "-b", folder, package.removeprefix("linux-image-")], check=True)

    root = built("kernel", [package, version], make)
    release = package.removeprefix("linux-image-")
    return Kernel(release, root / f"boot/vmlinuz-{release}", root)


def module_files(which: Kernel, names: list) -> list:
    """The files of these modules and of all they need, in the order to load them. What is built in needs none."""
    files: list = []
    for name in names:
        words = ["modprobe", "-d", str(which.root), "-S", which.version, "--show-depends", name]
        shown = subprocess.run(words, capture_output=True, text=True, check=False)
        if shown.returncode != 0:
            raise packages.Missing(f"kernel {which.version} has no module '{name}': {shown.stderr.strip()}")
        for line in shown.stdout.splitlines():
            kind, _, file = line.partition(" ")
            if kind == "insmod" and file.split()[0] not in files:
                files.append(file.split()[0])
    return [Path(file) for file in files]
