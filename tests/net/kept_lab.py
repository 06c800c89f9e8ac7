# SPDX-License-Identifier: Apache-2.0
"""A host with one card and its manager's files, for tests of changes with --persist."""
import pathlib
import subprocess
import time

import lab
from etc_folder import changed, etc, put_back
from lab import ip, links, world

INTERFACES = pathlib.Path("/etc/network/interfaces")
NETWORKD = pathlib.Path("/etc/systemd/network")
STANZA = "auto lo\niface lo inet loopback\nauto eth0\niface eth0 inet static\n  address 192.0.2.1/24\n  gateway 192.0.2.254\n"
THERE = "lan-bridge eth0 --confirm none"


class Keeping(lab.Lab):
    """eth0 is the card that the host lives by; systemd-networkd looks after it, or ifupdown."""

    def setUp(self):
        super().setUp()
        ip("link del p0")
        self.addCleanup(self.clean, etc())
        ip("netns add lan")
        ip("link add eth0 type veth peer name lan0 netns lan")
        ip("-n lan link set lan0 up")
        ip("addr add 192.0.2.1/24 dev eth0")
        ip("link set eth0 up")
        ip("route add default via 192.0.2.254")
        INTERFACES.with_name("interfaces.d").mkdir(parents=True, exist_ok=True)
        INTERFACES.write_text("auto lo\niface lo inet loopback\n", encoding="ascii")
        wants = pathlib.Path("/etc/systemd/system/multi-user.target.wants")
        wants.mkdir(parents=True, exist_ok=True)
        if not (wants / "systemd-networkd.service").is_symlink():
            (wants / "systemd-networkd.service").symlink_to("/lib/systemd/system/systemd-networkd.service")
        NETWORKD.mkdir(parents=True, exist_ok=True)
        for path in NETWORKD.iterdir():
            path.unlink()
        self.own("networkd")

    def own(self, manager):
        """Leaves the traces of that manager."""
        state = pathlib.Path(f"/run/systemd/netif/links/{links()['eth0']['ifindex']}")
        state.parent.mkdir(parents=True, exist_ok=True)
        state.unlink(missing_ok=True)
        if manager == "networkd":
            state.write_text("ADMIN_STATE=configured\n", encoding="ascii")
        else:
            INTERFACES.write_text(STANZA, encoding="ascii")
        self.before = etc()
        self.world = world()

    @staticmethod
    def clean(before):
        for words in ("link del eth0", "netns del lan"):
            subprocess.run(["ip", *words.split()], stderr=subprocess.DEVNULL, check=False)
        put_back(before)

    def ask(self, more="--persist auto", timeout="60s"):
        """A change that is made and waits for an answer."""
        words = f"lan-bridge eth0 --confirm ask --timeout {timeout} {more}"
        run = subprocess.Popen([lab.TOOL, *words.split()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        for close in (run.stdout.close, run.stderr.close, run.wait, run.kill):
            self.addCleanup(close)
        self.wait_for(lambda: self.record("status --json")["state"] == "applied", "the change")
        return run

    def wait_for(self, reached, what):
        end = time.monotonic() + 15
        while not reached():
            self.assertLess(time.monotonic(), end, f"{what} did not come")
            time.sleep(0.02)

    def expect_nothing_written(self):
        self.assertEqual(changed(self.before), [])

    def expect_kept(self):
        self.assertEqual(links()["eth0"].get("master"), "br0")
        self.assertIn("Bridge=br0\n", (NETWORKD / "10-net-setup-eth0.network").read_text(encoding="ascii"))
        self.assertIn("Address=192.0.2.1/24\n", (NETWORKD / "10-net-setup-br0.network").read_text(encoding="ascii"))
        self.assertEqual([path for path in etc() if ".tmp" in path], [])

    def expect_all_back(self):
        self.expect_nothing_written()
        self.assertEqual(world(), self.world)
