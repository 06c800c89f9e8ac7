# SPDX-License-Identifier: Apache-2.0
"""net-setup port add and port del on a real kernel: ports come and go, by any of their names, and the bridge's MAC stays.
usage: ports_test.py NET-SETUP SCHEMAS"""
import json
import subprocess

import lab
from lab import ip, links, world


def addressed_bridge():
    """br1 as others make it, with an address and a MAC that is not pinned; that MAC."""
    ip("link add br1 type bridge")
    ip("addr add 192.0.2.1/24 dev br1")
    return world()["br1"]["mac"]


def fixed_neighbours(link):
    """Those that somebody set, with their MACs."""
    told = subprocess.run(["ip", "-j", "neigh", "show", "dev", link, "nud", "permanent"], check=True, capture_output=True, text=True)
    return sorted((entry["dst"], entry["lladdr"]) for entry in json.loads(told.stdout))


class Ports(lab.Lab):
    def test_come_and_go_and_asking_twice_changes_nothing(self):
        self.expect("bridge add br0", 0)
        ip("link add q0 type veth peer name q1")
        self.expect("port add br0 p0 q0 q0", 0)
        self.assertEqual([name for name, link in world().items() if link["master"] == "br0"], ["p0", "q0"])
        self.assertTrue(world()["q0"]["up"])
        self.assertEqual(self.expect("port add br0 p0 q0", 0).stderr, "nothing to do\n")
        self.expect("port del q0 p0", 0)
        self.assertEqual([name for name, link in world().items() if link["master"]], [])
        self.assertTrue(world()["p0"]["up"])
        self.assertEqual(self.expect("port del q0 p0", 0).stderr, "nothing to do\n")

    def test_are_found_by_their_other_names(self):
        long = "enx-of-the-card-in-slot-3"
        for name in ("enp9s0", long):
            ip(f"link property add dev p0 altname {name}")
        done = self.expect("bridge add br0 --port enp9s0", 0)
        self.assertIn("'enp9s0' is another name of 'p0'\n", done.stderr)
        self.assertEqual(self.expect(f"port add br0 {long}", 0).stderr, f"'{long}' is another name of 'p0'\nnothing to do\n")
        self.assertEqual(self.record(f"port del {long} --json")["ports"], ["p0"])
        self.assertIsNone(world()["p0"]["master"])
        self.assertEqual([link["name"] for link in self.record(f"show {long} --json")["links"]], ["p0"])
        self.assertEqual(self.record("doctor enp9s0 --json", self.tool("doctor p0").returncode)["findings"],
                         self.record("doctor p0 --json", self.tool("doctor p0").returncode)["findings"])
        for words in ("port add br0 p0:1", "lan-bridge p0:1"):
            done = self.expect(words, 2)
            self.assertIn("cannot use link name 'p0:1': ", done.stderr, "the kernel's old calls cut it off there")
        self.expect_refusal("port add br0 enp9s1", 3, "cannot attach port 'enp9s1' to 'br0': it does not exist",
                            "'net-setup show' lists the links")

    def test_a_bridge_that_has_addresses_keeps_its_mac_whoever_comes(self):
        """The kernel gives one that is not pinned the lowest of its ports', and who talks to it would find nobody."""
        mac = addressed_bridge()
        ip("link set br1 up")
        ip("link add low address 02:00:00:00:00:01 type veth peer name far")
        for address in ("192.0.2.9", "2001:db8::9"):
            ip(f"neigh add {address} lladdr 02:00:00:00:00:99 dev br1")
        fixed = fixed_neighbours("br1")
        self.assertEqual(len(fixed), 2)
        for words in ("port add br1 p0 low", "port del low", "undo", "undo", "bridge set br1 --mac 02:00:00:00:00:77", "undo"):
            self.expect(words, 0)
            self.assertEqual((words, fixed_neighbours("br1")), (words, fixed))
            self.assertIn(world()["br1"]["mac"], (mac, "02:00:00:00:00:77"))

    def test_a_bridge_that_has_addresses_keeps_its_mac_with_a_first_port_of_a_higher_one(self):
        mac = addressed_bridge()
        ip("link set p0 address fe:ff:ff:ff:ff:01")
        self.expect("port add br1 p0", 0)
        self.assertEqual(world()["br1"]["mac"], mac)

    def test_a_bridge_whose_vlan_has_an_address_keeps_its_mac(self):
        mac = addressed_bridge()
        ip("addr flush dev br1")
        if subprocess.run(["ip", "link", "add", "link", "br1", "name", "br1.5", "type", "vlan", "id", "5"], check=False).returncode != 0:
            self.skipTest("needs 8021q")
        ip("addr add 192.0.2.1/24 dev br1.5")
        ip("link set p0 address 02:00:00:00:00:01")
        self.expect("port add br1 p0", 0)
        self.assertEqual((world()["br1"]["mac"], world()["br1.5"]["mac"]), (mac, mac))

    def test_a_bridge_that_has_addresses_keeps_its_mac_whoever_goes(self):
        """The kernel gives it the lowest MAC of those that stay, and none at all without ports."""
        ip("link add low address 02:00:00:00:00:01 type veth peer name far")
        for words in ("port del low", "port del low p0"):
            with self.subTest(words=words):
                ip("link add br1 type bridge")
                ip("link set p0 master br1")
                ip("link set low master br1")
                ip("addr add 192.0.2.1/24 dev br1")
                self.assertEqual(world()["br1"]["mac"], "02:00:00:00:00:01")
                self.expect(words, 0)
                self.assertEqual(world()["br1"]["mac"], "02:00:00:00:00:01")
                ip("link del br1")

    def test_a_bridge_of_others_gets_its_own_mac_back_with_its_last_port(self):
        """One that is not pinned takes over its port's, and the kernel leaves it without any when that goes."""
        ip("link add br1 type bridge")
        ip("link add q0 type veth peer name q1")
        before = world()
        self.expect("port add br1 p0 q0", 0)
        self.assertIn(world()["br1"]["mac"], (before["p0"]["mac"], before["q0"]["mac"]))
        self.expect("undo", 0)
        ip("link set p0 down")
        ip("link set q0 down")
        self.assertEqual(world(), before)

    def test_others_stay_as_they_are(self):
        self.expect("bridge add br0 --port p1", 0)
        ip("link set p1 down")
        ip("tuntap add vnet0 mode tap")
        ip("link set vnet0 master br0")
        before = world()
        self.expect("port add br0 p0", 0)
        self.expect("port del p0", 0)
        after = world()
        after["p0"]["up"] = before["p0"]["up"]
        self.assertEqual(after, before)

    def test_records(self):
        self.expect("bridge add br0", 0)
        done = self.record("port add br0 p0 --json")
        self.assertEqual((done["bridge"], done["ports"], [step["action"] for step in done["steps"]]),
                         ("br0", ["p0"], ["attach", "switch-up"]))
        gone = self.record("port del p0 --json")
        self.assertEqual([step["action"] for step in gone["steps"]], ["release"])

    def test_a_port_gone_wrong_comes_back_with_its_settings(self):
        self.expect("bridge add br0 --port p0", 0)
        subprocess.run("bridge link set dev p0 hairpin on cost 77".split(), check=True)
        self.expect("port del p0", 0)
        self.expect("undo", 0)
        port = links()["p0"]["linkinfo"]["info_slave_data"]
        self.assertEqual((links()["p0"]["master"], port["hairpin"], port["cost"]), ("br0", True, 77))

    def test_a_card_that_the_host_talks_through_is_shown_to_lan_bridge(self):
        self.expect("bridge add br0", 0)
        ip("link set p0 up")
        ip("addr add 192.0.2.9/24 dev p0")
        self.expect_refusal("port add br0 p0", 10,
                            "cannot attach port 'p0' to 'br0': it carries the host's address 192.0.2.9/24; as a port "
                            "it would cut the host off",
                            "'net-setup lan-bridge p0' moves them to a bridge without losing the connection")

    def test_what_does_not_exist_or_does_not_fit_is_told(self):
        self.expect("bridge add br0", 0)
        self.expect("bridge add br1 --port p0", 0)
        self.expect_refusal("port add br9 p1", 3, "cannot attach a port to bridge 'br9': it does not exist",
                            "make it: net-setup bridge add br9")
        self.expect_refusal("port add br0 nic9", 3, "cannot attach port 'nic9' to 'br0': it does not exist",
                            "'net-setup show' lists the links")
        self.expect_refusal("port add br0 p0", 10, "cannot attach port 'p0' to 'br0': it is already a port of 'br1'",
                            "release it first: net-setup port del p0")
        self.expect_refusal("port del nic9", 3, "cannot release port 'nic9': it does not exist",
                            "'net-setup show' lists the links")
        self.expect_refusal("port add br0", 2, "'net-setup port add' needs BRIDGE PORT...", "run 'net-setup --help'")


lab.enter()
lab.run_tests()
