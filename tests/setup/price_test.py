# SPDX-License-Identifier: Apache-2.0
"""price_test.py HOSTS PROGRAM SUITE: on the fresh host of a suite, with the suite's real package lists, the components that bring most
have a price, and nothing would go. Needs a private mount namespace, and the mirrors of this machine's apt."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

import suite as suites  # noqa: E402
from fresh_host import FreshHost  # noqa: E402
from packages import Missing  # noqa: E402
from private_apt import PrivateApt  # noqa: E402
from schema import check  # noqa: E402
from skip import skip  # noqa: E402

WANTED = {("tools",): "virt-manager", ("desktop",): "task-kde-desktop", ("--profile", "tutorial"): "virt-manager"}
MEGABYTE = 1024 * 1024


def fill_lists(host: FreshHost, status: Path, lines: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        apt = PrivateApt(Path(folder) / "apt", lines, status)
        (host.root / "etc/apt/sources.list").write_text("\n".join(lines) + "\n")
        shutil.copytree(apt.folder / "lists", host.root / "var/lib/apt/lists", dirs_exist_ok=True)


def devices(root: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "dev", root / "dev"], check=True)
    for name, minor in (("null", 3), ("zero", 5), ("urandom", 9)):
        os.mknod(root / "dev" / name, 0o20666, os.makedev(1, minor))


def main() -> None:
    place, program, suite = Path(sys.argv[1]).resolve() / sys.argv[3], Path(sys.argv[2]), sys.argv[3]
    if os.geteuid() != 0:
        skip("not root")
    host = FreshHost(place, program)
    try:
        fill_lists(host, place / "root/var/lib/dpkg/status", suites.sources(suite))
    except Missing as reason:
        skip(f"{suite} is not served here: {reason}")
    devices(host.root)
    for words, package in WANTED.items():
        done = subprocess.run(["chroot", host.root, "/host-setup", "plan", *words, "--json"], capture_output=True, text=True, check=False)
        assert done.returncode == 1, done
        record = json.loads(done.stdout)
        check(record)
        price = record["price"]
        assert package in {each["name"] for each in price["install"]} and price["remove"] == [], (words, price)
        assert price["disk"] > price["download"] > 20 * MEGABYTE, (words, price)
        print(f"{suite} {' '.join(words)}: {len(price['install'])} packages, {price['download'] // MEGABYTE} MB to fetch, "
              f"{price['disk'] // MEGABYTE} MB on disk")


main()
