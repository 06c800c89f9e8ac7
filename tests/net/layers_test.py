# SPDX-License-Identifier: Apache-2.0
"""What stands on the host's uplink, or below it, while lan-bridge moves it: VLANs on the card, secondary addresses on them, VLANs
in VLANs, a bond as the card, ports and taps of others. Needs a kernel with VLANs and bonds: the lab's.
usage: layers_test.py NET-SETUP SCHEMAS ECHO-PEER"""
import subprocess

import lab
import uplink
from lab import ip, links
from uplink import everything

THERE = "lan-bridge {} --confirm none --quiet"
BACK = "lan-bridge {} --back --confirm none --quiet"


def without_multicast(state):
    """The kernel gives a bridge its route for multicast when its first port has a carrier, and leaves it."""
    return {**state, "routes": [route for route in state["routes"] if '"dst": "ff00::/8"' not in route]}


class Layers(uplink.Uplink):
    def expect_answers(self, *addresses):
        for address in addresses:
            self.wait_for(lambda at=address: self.measure(at, 200, 50)()["lost"] == 0, f"an answer of {address}")

    def there_and_back(self, card, check):
        """check() must hold on both sides; in the end all is as it was."""
        self.wait_for(lambda: not any(a.get("tentative") for each in uplink.addresses().values() for a in each), "addresses")
        before = everything()
        check()
        self.expect(THERE.format(card), 0)
        self.assertEqual(links()[card]["master"], "br0")
        check()
        self.expect(BACK.format(card), 0)
        check()
        self.assertEqual(everything(), before)

    def test_vlans_on_the_card_keep_their_addresses_and_go_on(self):
        for number, (near, far) in ((100, ("10.100.0.2", "10.100.0.1")), (200, ("10.200.0.2", "10.200.0.1"))):
            for where, link, address in (("", "eth0", near), ("-n lan ", "lan0", far)):
                ip(f"{where}link add link {link} name {link}.{number} type vlan id {number}")
                ip(f"{where}addr add {address}/24 dev {link}.{number}")
                ip(f"{where}link set {link}.{number} up")
        ip("addr add 10.100.0.3/24 dev eth0.100")
        ip("addr add fd00:100::2/64 dev eth0.100 nodad")
        ip("route add 192.0.2.128/25 via 10.100.0.1")
        upper = {name: uplink.addresses()[name] for name in ("eth0.100", "eth0.200")}

        def check():
            self.expect_answers("10.0.0.1", "10.100.0.1", "10.200.0.1")
            self.assertEqual({name: uplink.addresses()[name] for name in upper}, upper)
            self.assertEqual(links()["eth0.100"]["link"], "eth0")
        self.there_and_back("eth0", check)

    def test_vlans_in_vlans_on_the_card_go_on(self):
        for where, link, address in (("", "eth0", "10.101.0.2"), ("-n lan ", "lan0", "10.101.0.1")):
            ip(f"{where}link add link {link} name {link}.s type vlan id 100 protocol 802.1ad")
            ip(f"{where}link add link {link}.s name {link}.sc type vlan id 7")
            ip(f"{where}addr add {address}/24 dev {link}.sc")
            ip(f"{where}link set {link}.s up")
            ip(f"{where}link set {link}.sc up")
        self.there_and_back("eth0", lambda: self.expect_answers("10.0.0.1", "10.101.0.1"))

    def test_secondary_addresses_stay_secondary(self):
        def check():
            holder = "br0" if "br0" in links() else "eth0"
            flags = {a["local"]: a.get("secondary", False) for a in links()[holder]["addr_info"]}
            self.assertEqual((flags["10.0.0.2"], flags["10.0.0.3"]), (False, True))
        self.there_and_back("eth0", check)

    def test_a_bond_is_a_card_like_any_other(self):
        """The host's addresses are on a bond of two cards; the bond becomes the port."""
        for number in (0, 1):
            ip(f"link add e{number} type veth peer name e{number}-far netns lan")
            ip("-n lan link add name sw0 type bridge stp_state 0" if number == 0 else "-n lan link set sw0 up")
            ip(f"-n lan link set e{number}-far master sw0 up")
        ip("-n lan addr add 10.50.0.1/24 dev sw0")
        ip("link add bond0 type bond mode active-backup miimon 100")
        for number in (0, 1):
            ip(f"link set e{number} master bond0")
        ip("addr add 10.50.0.2/24 dev bond0")
        ip("link set bond0 up")
        ip("link add link bond0 name bond0.30 type vlan id 30")
        ip("addr add 10.30.0.2/24 dev bond0.30")
        ip("link set bond0.30 up")

        def check():
            self.expect_answers("10.50.0.1")
            self.assertEqual([links()[f"e{number}"]["master"] for number in (0, 1)], ["bond0", "bond0"])
            self.assertEqual([a["local"] for a in uplink.addresses()["bond0.30"] if a["family"] == "inet"], ["10.30.0.2"])
        try:
            self.there_and_back("bond0", check)
        finally:
            ip("link del bond0")
            ip("-n lan link del sw0")

    def test_ports_and_taps_of_others_stay(self):
        ip("link add br0 address 02:00:00:00:00:07 type bridge stp_state 0 vlan_filtering 1")
        ip("link set br0 addrgenmode none")  # or it had a link-local address of its own
        ip("link set br0 up")
        ip("link add v0 type veth peer name v1")
        ip("tuntap add tap0 mode tap")
        for name in ("v0", "tap0"):
            ip(f"link set {name} master br0 up")
        subprocess.run(["bridge", "vlan", "add", "dev", "tap0", "vid", "40"], check=True)
        before = everything()

        def tap_vlans():
            return subprocess.run(["bridge", "vlan", "show", "dev", "tap0"], check=True, capture_output=True, text=True).stdout
        vlans = tap_vlans()
        self.expect(THERE.format("eth0"), 0)
        self.expect_answers("10.0.0.1")
        self.assertEqual([links()[name]["master"] for name in ("v0", "tap0", "eth0")], ["br0"] * 3)
        self.assertEqual(tap_vlans(), vlans)
        text = "interfaces:\n- {name: br0, type: linux-bridge, state: up, bridge: {port: [{name: eth0}]}}\n"
        done = subprocess.run([lab.TOOL, "plan", "-"], input=text, text=True, capture_output=True, check=False)
        self.assertNotIn("tap0", done.stdout, "a tap of a VM is kept without being named")
        self.expect(BACK.format("eth0"), 0)
        self.assertEqual(without_multicast(everything()), without_multicast(before))
        self.assertEqual(tap_vlans(), vlans)


lab.enter()
lab.run_tests()
