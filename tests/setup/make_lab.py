# SPDX-License-Identifier: Apache-2.0
"""Makes the folder that host-setup's cases run in: LAB/root (a small Debian) and LAB/repo (stub packages).

The root is made once and kept; the stubs are made anew each time, which takes a second.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from skip import skip
from stubs import make_repository

SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,openssh-server,openssh-client,openrc"


def mirror() -> str:
    """The mirror that this machine's own apt uses for the suite."""
    text = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True, check=False).stdout
    for line in text.splitlines():
        release, component, uri = line.split(maxsplit=2)
        if release == SUITE and component == "main":
            return uri
    return ""


def make_root(root: Path) -> None:
    fresh = root.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    # In mounts of its own: what it mounted goes with it when it is killed.
    command = ["unshare", "--mount", "mmdebstrap", "--quiet", "--variant=apt", f"--include={PACKAGES}", SUITE, str(fresh)]
    made = subprocess.run(command + ([mirror()] if mirror() else []), check=False, timeout=280)
    if made.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        skip(f"mmdebstrap cannot make a {SUITE} root (exit {made.returncode})")
    for stale in (fresh / "var/lib/apt/lists").glob("*_*"):
        stale.unlink()
    fresh.rename(root)


def main() -> None:
    lab = Path(sys.argv[1])
    if os.geteuid() != 0:
        skip("not root")
    if shutil.which("mmdebstrap") is None:
        skip("mmdebstrap is not installed")
    lab.mkdir(parents=True, exist_ok=True)
    if not (lab / "root/sbin/openrc").exists():  # also a root of before, which had none
        shutil.rmtree(lab / "root", ignore_errors=True)
        make_root(lab / "root")
    make_repository(lab / "repo")


if __name__ == "__main__":
    main()
