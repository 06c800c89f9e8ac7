# SPDX-License-Identifier: Apache-2.0
"""make_rpm_lab.py LAB: the folder that the cases of dnf run in: LAB/root (a small Debian with dnf, zypper and rpm that calls
itself Rocky Linux) and, in it, a repository of stub packages in /srv/repo.

The root is made once and kept, the stubs with it.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from make_lab import mirror
from rpm_stubs import MORE, NAMES, make_package, write_index
from skip import skip

SUITE = "bookworm"
PACKAGES = "dnf,zypper,createrepo-c,rpm"

OS_RELEASE = """NAME="Rocky Linux"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PRETTY_NAME="Rocky Linux 9.4 (stub)"
"""
FILES = {"etc/rpm/macros": "%_dbpath /var/lib/rpm\n",
         "etc/dnf/dnf.conf": "[main]\ngpgcheck=0\nbest=True\n",
         "etc/yum.repos.d/stubs.repo": "[stubs]\nname=stubs\nbaseurl=file:///srv/repo\nenabled=1\n"}


def make_root(root: Path) -> None:
    fresh = root.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    # In mounts of its own: what it mounted goes with it when it is killed.
    command = ["unshare", "--mount", "mmdebstrap", "--quiet", "--variant=apt", "--dpkgopt=force-unsafe-io",
               f"--include={PACKAGES}", SUITE, str(fresh)]
    made = subprocess.run(command + ([mirror()] if mirror() else []), check=False, timeout=580)
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        skip(f"mmdebstrap cannot make a {SUITE} root with dnf (exit {made.returncode})")
    for path, text in FILES.items():
        (fresh / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).write_text(text)
    (fresh / "usr/lib/os-release").write_text(OS_RELEASE)
    (fresh / "srv/repo").mkdir(parents=True)
    for name in NAMES + MORE:
        make_package(fresh, name)
    write_index(fresh)
    fresh.rename(root)


def main() -> None:
    lab = Path(sys.argv[1])
    if os.geteuid() != 0:
        skip("not root")
    if shutil.which("mmdebstrap") is None:
        skip("mmdebstrap is not installed")
    (lab / "repo").mkdir(parents=True, exist_ok=True)  # of apt's cases; here the stubs are in the root
    if not (lab / "root/usr/bin/zypper").exists():
        shutil.rmtree(lab / "root", ignore_errors=True)
        make_root(lab / "root")


if __name__ == "__main__":
    main()
