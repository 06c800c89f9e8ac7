# SPDX-License-Identifier: Apache-2.0
"""make_rpm_lab.py LAB [SUITE]: the folder that the cases of dnf, zypper and pacman run in: LAB/root (a small Debian with all three that
calls itself Rocky Linux) and, in it, repositories of stub packages in /srv/repo and /srv/arch. With SUITE, a Debian that has dnf5, the root has that alone and calls
itself Fedora Linux.

The root is made once and kept, the stubs with it.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pacman_stubs
from make_lab import mirror
from rpm_stubs import MORE, NAMES, make_package, write_index
from skip import skip

SUITE = "bookworm"
WITH_DNF5 = "curl,dnf5,createrepo-c,rpm"
PACKAGES = "curl,dnf,zypper,createrepo-c,rpm,pacman-package-manager,makepkg,libarchive-tools,zstd"

OS_RELEASE = """NAME="Rocky Linux"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PRETTY_NAME="Rocky Linux 9.4 (stub)"
"""
FEDORA = 'NAME="Fedora Linux"\nID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41 (stub)"\n'
FILES = {"etc/rpm/macros": "%_dbpath /var/lib/rpm\n",
         "etc/dnf/dnf.conf": "[main]\ngpgcheck=0\nbest=True\n",
         "etc/pacman.conf": "[options]\nArchitecture = x86_64\nSigLevel = Never\n[stubs]\nServer = file:///srv/arch\n",
         "etc/yum.repos.d/stubs.repo": "[stubs]\nname=stubs\nbaseurl=file:///srv/repo\nenabled=1\n"}


def make_root(root: Path, suite: str) -> None:
    fifth = suite != SUITE
    fresh = root.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    # In mounts of its own: what it mounted goes with it when it is killed.
    command = ["unshare", "--mount", "mmdebstrap", "--quiet", "--variant=apt", "--dpkgopt=force-unsafe-io",
               f"--include={WITH_DNF5 if fifth else PACKAGES}"]
    if fifth:  # a suite that changes daily, from a mirror that may be of another day
        command.append('--aptopt=Acquire::Check-Valid-Until "false"')
    made = subprocess.run([*command, suite, str(fresh), *([mirror()] if mirror() else [])], check=False, timeout=1100)
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        skip(f"mmdebstrap cannot make a {suite} root with {'dnf5' if fifth else 'dnf'} (exit {made.returncode})")
    for path, text in FILES.items():
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).write_text(text)
    (fresh / "usr/lib/os-release").write_text(FEDORA if fifth else OS_RELEASE)
    for folder in ("srv/repo", pacman_stubs.REPOSITORY):
        (fresh / folder).mkdir(parents=True)
    for name in NAMES + MORE:
        make_package(fresh, name)
    write_index(fresh)
    if not fifth:
        for name in pacman_stubs.STUBS:
            pacman_stubs.make_package(fresh, name)
        pacman_stubs.write_index(fresh)
    fresh.rename(root)


def main() -> None:
    lab, suite = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else SUITE
    if os.geteuid() != 0:
        skip("not root")
    if shutil.which("mmdebstrap") is None:
        skip("mmdebstrap is not installed")
    (lab / "repo").mkdir(parents=True, exist_ok=True)  # of apt's cases; here the stubs are in the root
    if not (lab / "root/usr/bin/curl").exists():  # the newest of what a root has
        shutil.rmtree(lab / "root", ignore_errors=True)
        make_root(lab / "root", suite)


if __name__ == "__main__":
    main()
