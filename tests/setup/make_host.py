# SPDX-License-Identifier: Apache-2.0
"""make_host.py HOSTS PROGRAM SUITE [COMPONENT]: HOSTS/SUITE/root, a fresh Debian with systemd, and HOSTS/SUITE/repo, the real
packages that PROGRAM wants on it and what they need; with COMPONENT, HOSTS/SUITE/repo-COMPONENT with others: of tools with those that
it wants, too, and with what shows a screen and reads it; of ssh-root with an sshd and what a login is made of. Made once from the
mirrors of this machine's apt; the packages anew when others are wanted.
"""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

import suite as suites  # noqa: E402
from packages import Missing  # noqa: E402
from private_apt import PrivateApt  # noqa: E402
from skip import skip  # noqa: E402
from stubs import write_index  # noqa: E402

PACKAGES = ["systemd", "systemd-sysv", "dbus", "udev", "kmod", "iproute2"]
LOGIN = ["openssh-server", "openssh-client", "libpam-systemd", "sudo", "procps"]
SCREEN = ["xvfb", "at-spi2-core", "gir1.2-atspi-2.0", "python3-gi"]
MACHINE_ID = "2f6cf1d1d3f94b1aa4b7c5c6ad2b9c77\n"


def make_root(place: Path, suite: str, lines: list) -> None:
    fresh = place / "root.new"
    shutil.rmtree(fresh, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    suites.make_root(fresh, lines, suite, PACKAGES)
    suites.name_host(fresh, f"fresh-{suite}")
    (fresh / "etc/machine-id").write_text(MACHINE_ID)  # the same at each boot: /etc is compared
    (fresh / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
    fresh.rename(place / "root")


def wanted(program: str, root: Path, *components: str) -> list:
    """What the program itself calls missing."""
    done = subprocess.run([program, "plan", *components, "--root", root, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    return [each["name"] for each in json.loads(done.stdout)["missing"]]


def names_for(program: str, root: Path, more: list) -> list:
    if more == ["ssh-root"]:
        return LOGIN
    return wanted(program, root, "hypervisor", *more) + SCREEN if more else wanted(program, root)


def fetch(place: Path, lines: list, names: list, repository: str) -> None:
    """Fills the repository."""
    repo = place / f"{repository}.new"
    shutil.rmtree(repo, ignore_errors=True)
    apt = PrivateApt(place / "apt", lines, place / "root/var/lib/dpkg/status")
    apt.run("apt-get", "-q", "-y", "--no-install-recommends", "--download-only", "install", *names)
    repo.mkdir()
    for package in (apt.folder / "cache/archives").glob("*.deb"):
        package.rename(repo / package.name.replace("%3a", "."))
    write_index(repo)
    (repo / "names").write_text(" ".join(names))
    shutil.rmtree(place / repository, ignore_errors=True)
    repo.rename(place / repository)
    apt.drop()


def main() -> None:
    place, program, suite = Path(sys.argv[1]).resolve() / sys.argv[3], sys.argv[2], sys.argv[3]
    if os.geteuid() != 0:
        skip("not root")
    try:
        lines = suites.sources(suite)
        if not (place / "root").exists():
            make_root(place, suite, lines)
        more = sys.argv[4:]
        repository = "-".join(["repo", *more])
        names = names_for(program, place / "root", more)
        cached = place / repository / "names"
        if not cached.exists() or cached.read_text() != " ".join(names):
            fetch(place, lines, names, repository)
    except Missing as reason:
        skip(f"a fresh {suite} cannot be made here: {reason}")


main()
