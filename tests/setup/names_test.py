# SPDX-License-Identifier: Apache-2.0
"""names_test.py PROGRAM SUITE RELEASE: each package that the program names for a release of Debian can be installed from its
archive, as this machine's mirrors serve it today."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

import suite as suites  # noqa: E402
from packages import Missing  # noqa: E402
from private_apt import PrivateApt  # noqa: E402
from skip import skip  # noqa: E402


COMPONENTS = ("hypervisor", "tools", "guest-images", "desktop")
CATALOGUE = Path(__file__).resolve().parents[2] / "share/packages.json"


def asked(program: str, root: Path, suite: str, release: str) -> set:
    """What the program misses on a host of this release on which nothing is installed."""
    for name in ("etc", "var/lib/dpkg"):
        (root / name).mkdir(parents=True)
    (root / "etc/os-release").write_text(f"ID=debian\nVERSION_ID={release}\nVERSION_CODENAME={suite}\nPRETTY_NAME='Debian {release}'\n")
    (root / "var/lib/dpkg/status").write_text("Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n")
    done = subprocess.run([program, "plan", *COMPONENTS, "--root", root, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert not [note for note in json.loads(done.stdout)["notes"] if "not read from the archive" in note], done.stdout
    return {each["name"] for each in json.loads(done.stdout)["missing"]}


def init_scripts(release: str) -> set:
    """What hosts without systemd get besides; no recorded host shows that."""
    rows = next(each["packages"] for each in json.loads(CATALOGUE.read_text())["capabilities"] if each["name"] == "init-scripts")
    names = set()
    for row in rows:
        first, _, last = row["on"].get("debian", "99-").partition("-")
        names |= {row["package"]} if int(first) <= int(release) <= int(last or 99) else set()
    return names


def without_candidate(apt: PrivateApt, names: set) -> set:
    found, name = set(), ""
    for line in apt.run("apt-cache", "policy", *sorted(names)).splitlines():
        if not line.startswith(" "):
            name = line.rstrip(":")
        elif line.startswith("  Candidate: ") and "(none)" not in line:
            found.add(name)
    return names - found


def main() -> None:
    program, suite, release = sys.argv[1:4]
    if os.geteuid() != 0:
        skip("not root")
    with tempfile.TemporaryDirectory() as folder:
        names = asked(program, Path(folder) / "root", suite, release)
        assert len(names) >= 16, names
        try:
            apt = PrivateApt(Path(folder) / "apt", suites.sources(suite), Path(folder) / "root/var/lib/dpkg/status")
        except Missing as reason:
            skip(f"{suite} is not served here: {reason}")
        lost = without_candidate(apt, names | init_scripts(release))
        assert not lost, f"no candidate in {suite}: {', '.join(sorted(lost))}"
        assert without_candidate(apt, {"libvirt-bin"}) == {"libvirt-bin"}, "it would not see a name that is gone"
        price = apt.run("apt-get", "-y", "-s", "--no-install-recommends", "install", *sorted(names))
        assert "\nInst virt-manager" in price and "\nRemv" not in price, "apt cannot plan them together"
        print(f"{suite} has all {len(names)}: {', '.join(sorted(names))}")


main()
