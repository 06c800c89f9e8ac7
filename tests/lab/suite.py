# SPDX-License-Identifier: Apache-2.0
"""Fresh Debian roots, made by mmdebstrap from the mirrors that apt uses on this machine."""
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from packages import Missing, output, update_lists

BUILD_SECONDS = 3600
TOOL = "mmdebstrap"


def targets() -> list:
    """Pairs of what apt's sources here call a release and its mirror, of Debian's main component alone."""
    lines = output("apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(RELEASE) $(REPO_URI)",
                   "Created-By: Packages").splitlines()
    words = [line.split(maxsplit=3) for line in lines]
    return [(release, uri) for origin, component, release, uri in words
            if origin == "Debian" and component == "main" and uri.startswith(("http://", "https://")) and "@" not in uri]


def sources(suite: str) -> list:
    """Lines of a sources.list for the suite: this machine's, with its own release replaced."""
    found = targets()
    if not found:
        update_lists()
        found = targets()
    here = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    lines = []
    for release, uri in found:
        name, dash, pocket = release.partition("-")
        line = f"deb {uri} {suite}{dash}{pocket} main"
        if name in (here, suite) and line not in lines:
            lines.append(line)
    if not lines:
        raise Missing(f"apt's sources here name no mirror of Debian to fetch {suite} from")
    return lines


def make_root(root: Path, lines: list, suite: str, names: list, more: tuple = ()) -> None:
    """A root with the suite's essential packages, apt and these. It keeps the lines as its sources, and no package lists."""
    if shutil.which(TOOL) is None:
        raise Missing(f"{TOOL} is not installed; apt-get install {TOOL}")
    print(f"lab: making a fresh {suite} from packages, once; this takes some minutes", file=sys.stderr)
    words = [TOOL, "--quiet", "--variant=minbase", "--dpkgopt=force-unsafe-io", f"--include={','.join(names)}", *more,
             suite, str(root), *lines]
    try:
        made = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False, timeout=BUILD_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{TOOL} did not end within {BUILD_SECONDS} s; is the mirror reachable?") from error
    if made.returncode != 0:
        raise Missing(f"{TOOL} cannot make {suite} (exit {made.returncode}): {made.stdout.strip()[-600:]}")
    settle(root)


def settle(root: Path) -> None:
    """Takes out what mmdebstrap copied from this machine, and what a fresh host has not got."""
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").touch()
    for stale in (root / "var/lib/apt/lists").glob("*_*"):
        stale.unlink()


def name_host(root: Path, name: str) -> None:
    (root / "etc/hostname").write_text(f"{name}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost ip6-loopback\n")
