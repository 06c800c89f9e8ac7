# SPDX-License-Identifier: Apache-2.0
"""The MAC of a bridge of others, which follows its ports', when the host's card comes to it and leaves it again.
usage: bridge_mac_test.py NET-SETUP SCHEMAS ECHO-PEER"""

import lab
import uplink
from lab import ip, links, world
from uplink import everything

THERE = "lan-bridge eth0 --confirm none"
BACK = "lan-bridge eth0 --back --confirm none"
VMS = "fe:ff:ff:ff:ff:01"


def far_known():
    """The MACs by which the LAN knows the host."""
    known = uplink.ip_json("-n lan neigh show dev lan0")
    return {entry["lladdr"] for entry in known if entry.get("dst") in ("10.0.0.2", "fd00:1::2") and "lladdr" in entry}


class BridgeOfOthers(uplink.Uplink):
    """br0 with a VM's port, an address and a neighbour of its own; its MAC is not pinned."""

    def setUp(self):
        super().setUp()
        for words in (f"link add vnet0 address {VMS} type veth peer name vm0", "link add br0 type bridge stp_state 0",
                      "link set br0 addrgenmode none", "link set vnet0 addrgenmode none",
                      "link set vm0 addrgenmode none", "link set vm0 up", "link set vnet0 master br0 up", "link set br0 up", "addr add 192.168.77.1/24 dev br0"):
            ip(words)
        self.wait_for(lambda: links()["br0"]["operstate"] == "UP", "carrier of br0")
        ip("neigh add 192.168.77.9 lladdr 02:00:00:00:00:77 dev br0")
        self.assertEqual(world()["br0"]["mac"], VMS)
        self.mac = world()["eth0"]["mac"]
        self.seen = self.lasting()

    def lasting(self):
        """Without the kernel's multicast routes."""
        seen = everything()
        return {**seen, "routes": [route for route in seen["routes"] if '"ff00::/8"' not in route]}

    def expect_there(self):
        self.assertEqual(world()["br0"]["mac"], self.mac)
        fixed = {(n["dst"], n.get("lladdr")) for n in everything()["neighbours"] if n["dev"] == "br0"}
        self.assertEqual(fixed, {("10.0.0.9", "02:00:00:00:00:99"), ("192.168.77.9", "02:00:00:00:00:77"),
                                 ("10.0.0.77", None)})
        self.assertLessEqual(far_known(), {self.mac}, "no MAC was spoken but the card's")

    def expect_as_before(self):
        self.assertEqual(self.lasting(), self.seen)

    def expect_there_and_back(self, back):
        self.expect(THERE, 0)
        self.expect_there()
        self.expect(back, 0)
        self.expect_as_before()

    def test_is_told_to_those_who_talk_to_the_bridges_own_address(self):
        """They had it by the MAC of before, and would talk to nobody."""
        ip("-n lan addr add 192.168.77.2/24 dev lan0")
        ip(f"-n lan neigh add 192.168.77.1 lladdr {VMS} nud stale dev lan0")

        def known():
            return [entry["lladdr"] for entry in uplink.ip_json("-n lan neigh show 192.168.77.1 dev lan0")]
        self.expect(THERE, 0)
        self.wait_for(lambda: known() == [self.mac], "the card's MAC at the LAN's")

    def test_comes_back_by_undo(self):
        self.expect_there_and_back("undo")

    def test_comes_back_by_the_way_back(self):
        self.expect_there_and_back(BACK)

    def test_is_the_cards_again_where_the_way_back_is_undone(self):
        self.expect(THERE, 0)
        self.expect(BACK, 0)
        self.assertEqual(world()["br0"]["mac"], VMS)
        self.expect("undo", 0)
        self.expect_there()

    def test_comes_back_where_nobody_confirms(self):
        self.expect("lan-bridge eth0 --confirm ask --timeout 1s", 12)
        self.expect_as_before()

    def test_comes_back_where_the_kernel_refuses_the_switch(self):
        ip("link add link eth0 name mv0 type macvlan")
        self.seen = self.lasting()
        self.expect(f"{THERE} --quiet", 3)
        self.expect_as_before()

    def test_that_is_the_lowest_of_all_is_pinned_too(self):
        low = "02:00:00:00:00:01"
        ip(f"link set vnet0 address {low}")
        self.assertEqual(world()["br0"]["mac"], low)
        self.expect(THERE, 0)
        ip("link del vnet0")
        self.assertEqual(world()["br0"]["mac"], low)

    def test_that_went_with_its_last_port_is_a_random_one(self):
        ip("link set eth0 master br0")
        ip("link del vnet0")
        ip("link set eth0 nomaster")
        self.assertEqual(world()["br0"]["mac"], "00:00:00:00:00:00")
        self.expect(THERE, 0)
        self.expect("undo", 0)
        mac = world()["br0"]["mac"]
        self.assertNotIn(mac, (self.mac, "00:00:00:00:00:00"))
        self.assertEqual(int(mac[:2], 16) & 3, 2, "a local one")


lab.enter()
lab.run_tests()
