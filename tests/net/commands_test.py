# SPDX-License-Identifier: Apache-2.0
"""net-setup's commands on a real kernel: what they do, say and refuse. usage: commands_test.py NET-SETUP SCHEMAS"""
import fcntl
import json
import os
import pathlib
import subprocess
import time

import lab
from lab import ip, links, world


class BridgeAdd(lab.Lab):
    def test_makes_a_bridge_and_asking_twice_changes_nothing(self):
        words = "bridge add br0 --port p0 --address 192.0.2.1/24 --address 2001:db8::1/64 --mtu 1400"
        done = self.expect(words, 0)
        self.assertIn("attach p0 to br0\n", done.stderr)
        self.assertEqual(done.stdout, "")
        made = world()
        mac = made["p0"]["mac"]
        self.assertEqual(made["br0"], {"kind": "bridge", "mac": mac, "up": True, "mtu": 1400, "master": None,
                                       "group": "default", "addresses": ["192.0.2.1/24", "2001:db8::1/64"]})
        self.assertEqual((made["p0"]["master"], made["p0"]["up"]), ("br0", True))
        settings = links()["br0"]["linkinfo"]["info_data"]
        self.assertEqual((settings["stp_state"], settings["forward_delay"]), (0, 0))

        again = self.expect(words, 0)
        self.assertEqual(again.stderr, "nothing to do\n")
        self.assertEqual(world(), made)

    def test_the_mac_stays_when_a_port_with_a_lower_one_comes(self):
        self.expect("bridge add br0 --port p0", 0)
        mac = world()["br0"]["mac"]
        ip("link add low address 02:00:00:00:00:01 type veth peer name far")
        self.expect("bridge add br0 --port low", 0)
        self.assertEqual(world()["br0"]["mac"], mac)

    def test_without_ports_has_a_local_mac_of_its_own(self):
        self.expect("bridge add br0", 0)
        self.assertEqual(int(world()["br0"]["mac"][:2], 16) & 3, 2)

    def test_completes_an_existing_bridge_and_keeps_its_other_ports(self):
        ip("link add br0 type bridge")
        ip("tuntap add vnet0 mode tap")
        ip("link set vnet0 master br0")
        self.expect("bridge add br0 --port p0", 0)
        self.assertEqual([name for name, link in world().items() if link["master"] == "br0"], ["p0", "vnet0"])
        self.assertTrue(world()["br0"]["up"])

    def test_does_not_wait_for_the_spanning_tree_of_another_ones_bridge(self):
        ip("link add br0 type bridge stp_state 1 forward_delay 1500")
        started = time.monotonic()
        self.expect("bridge add br0 --port p0", 0)
        self.assertLess(time.monotonic() - started, 4)

    def test_takes_no_address_that_is_no_hosts_and_one_only_once(self):
        before = world()
        for address in ("127.0.0.1/8", "192.0.2.0/24", "192.0.2.255/24"):
            done = self.expect(f"bridge add br0 --address {address}", 2)
            self.assertIn(f"cannot give '{address}' to a bridge: it is no host's address", done.stderr)
        self.assertEqual(world(), before)
        self.expect("bridge add br0 --address 192.0.2.1/24 --address 192.0.2.1/24", 0)
        self.assertEqual(world()["br0"]["addresses"], ["192.0.2.1/24"])

    def test_dry_run_prints_the_plan_and_changes_nothing(self):
        before = world()
        done = self.expect("bridge add br0 --port p0 --dry-run", 1)
        mac = before["p0"]["mac"]
        self.assertEqual(done.stdout, f"would create bridge br0 with MAC {mac}\nwould attach p0 to br0\n"
                                      "would switch p0 up\nwould switch br0 up\n")
        self.assertEqual(world(), before)
        self.assertFalse(pathlib.Path("/var/lib/kvmkit").exists())
        self.expect("bridge add br0 --port p0", 0)
        self.assertEqual(self.expect("bridge add br0 --port p0 --dry-run", 0).stderr, "nothing to do\n")

    def test_records(self):
        plan = self.record("bridge add br0 --port p0 --dry-run --json", 1)
        self.assertEqual((plan["changed"], plan["dry_run"], plan["transaction"]), (False, True, None))
        done = self.record("bridge add br0 --port p0 --json")
        self.assertEqual([step["action"] for step in done["steps"]],
                         ["create-bridge", "attach", "switch-up", "switch-up"])
        self.assertTrue(done["changed"] and done["transaction"])
        self.assertEqual(self.record("bridge add br0 --port p0 --json")["steps"], [])
        gone = self.record("bridge del br0 --json")
        self.assertEqual([step["action"] for step in gone["steps"]], ["switch-down", "release", "delete-bridge"])
        refusal = self.record("bridge add br0 --port nic9 --json", 3)
        self.assertEqual(refusal["error"]["code"], "not-found")

    def test_refuses_ports_that_carry_the_host(self):
        ip("link set p0 up")
        ip("addr add 192.0.2.9/24 dev p0")
        hint = "'net-setup lan-bridge p0' moves them to a bridge without losing the connection"
        self.expect_refusal("bridge add br0 --port p0", 10,
                            "cannot attach port 'p0' to 'br0': it carries the host's address 192.0.2.9/24; as a port "
                            "it would cut the host off", hint)
        ip("route add default via 192.0.2.254")
        ip("addr del 192.0.2.9/24 dev p0")
        ip("route add 198.51.100.0/24 dev p0")
        ip("route add default dev p0")
        self.expect_refusal("bridge add br0 --port p0", 10,
                            "cannot attach port 'p0' to 'br0': the host's routes lead through it (default, "
                            "198.51.100.0/24); as a port it would cut the host off", hint)

    def test_refuses_what_can_be_no_port_or_no_bridge(self):
        ip("link add other type bridge")
        ip("tuntap add tun0 mode tun")
        for port, cause, hint in (
                ("lo", "it is the loopback link", "name a network card, a veth or a tap"),
                ("other", "it is itself a bridge", "connect two bridges by a veth pair"),
                ("tun0", "it carries no Ethernet frames", "name a network card, a veth or a tap")):
            self.expect_refusal(f"bridge add br0 --port {port}", 10, f"cannot attach port '{port}' to 'br0': {cause}",
                                hint)
        ip("link set p0 master other")
        self.expect_refusal("bridge add br0 --port p0", 10,
                            "cannot attach port 'p0' to 'br0': it is already a port of 'other'",
                            "release it first: net-setup port del p0")
        self.expect_refusal("bridge add p1", 10, "cannot add bridge 'p1': it is a link of kind veth, no bridge",
                            "choose another name; 'net-setup show' lists those in use")

    def test_a_port_that_does_not_exist_is_told_before_anything_is_touched(self):
        self.expect_refusal("bridge add br0 --port p0 --port nic9", 3,
                            "cannot attach port 'nic9' to 'br0': it does not exist", "'net-setup show' lists the links")

    def test_a_port_that_something_sits_on_is_told_in_words_and_all_is_undone(self):
        ip("link add link p0 name mv0 type macvlan")
        self.expect_refusal_of_kernel("bridge add br0 --port p0",
                                      "cannot attach port 'p0' to 'br0': something else sits on it already, such as a "
                                      "macvlan or a bond (EBUSY)")

    def expect_refusal_of_kernel(self, words, message):
        before = world()
        done = self.expect(words + " --quiet", 3)
        self.assertTrue(done.stderr.startswith(f"net-setup: {message}\n"), done.stderr)
        self.assertEqual(world(), before)

    def test_wrong_words_are_told_before_the_kernel_sees_them(self):
        self.expect_refusal("bridge add averyveryverylongname.100", 2,
                            "cannot use link name 'averyveryverylongname.100': it has 25 characters, the kernel takes 15",
                            "a shorter one: averyveryve.100")
        self.expect_refusal("bridge add br0 --port sixteen-letters-", 2,
                            "cannot use link name 'sixteen-letters-': it has 16 characters, the kernel takes 15",
                            "a shorter one: sixteen-letter-")
        self.expect_refusal("bridge add br0 --address 192.0.2.1", 2,
                            "'192.0.2.1' is no address with a prefix length",
                            "write it as 192.0.2.1/24 or 2001:db8::1/64")
        self.expect_refusal("bridge add br0 --mtu 9k", 2, "'9k' is no MTU", "give bytes from 68 to 65535")
        self.expect_refusal("bridge ad br0", 2, "unknown command 'bridge ad'", "did you mean 'bridge add'?")
        self.expect_refusal("bridge add", 2, "'net-setup bridge add' needs BRIDGE", "run 'net-setup --help'")


class BridgeDel(lab.Lab):
    def test_frees_the_ports_and_asking_twice_changes_nothing(self):
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)
        self.expect("bridge del br0", 0)
        left = world()
        self.assertNotIn("br0", left)
        self.assertEqual((left["p0"]["master"], left["p0"]["up"]), (None, True))
        self.assertEqual(self.expect("bridge del br0", 0).stderr, "nothing to do\n")
        self.assertEqual(self.expect("bridge del br0 --dry-run", 0).stdout, "")

    def test_refuses_while_vms_are_connected_unless_forced(self):
        self.expect("bridge add br0", 0)
        ip("tuntap add vnet7 mode tap")
        ip("link set vnet7 master br0")
        self.expect_refusal("bridge del br0", 10, "cannot delete bridge 'br0': VMs are connected to it (vnet7)",
                            "stop these VMs, or cut them off with --force")
        self.expect("bridge del br0 --force", 0)
        self.assertEqual(world()["vnet7"]["master"], None)

    def test_refuses_links_that_are_no_bridges_and_bridges_that_are_the_uplink(self):
        self.expect_refusal("bridge del p0", 10, "cannot delete bridge 'p0': it is a link of kind veth, no bridge",
                            "choose another name; 'net-setup show' lists those in use")
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)
        ip("route add default via 192.0.2.254")
        self.expect_refusal("bridge del br0 --force", 10,
                            "cannot delete bridge 'br0': routes lead through it (default)",
                            "it may carry the connection that you work through; remove the routes first")


class Show(lab.Lab):
    def test_is_the_default_and_prints_a_table(self):
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)
        lines = self.expect("", 0).stdout.splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "KIND", "STATE", "MAC", "MTU", "BRIDGE", "ADDRESSES"])
        row = next(line for line in lines if line.startswith("br0"))
        mac = world()["br0"]["mac"]
        self.assertEqual(row.split()[:8], ["br0", "bridge", "up", mac, "1500", "ports:", "p0", "192.0.2.1/24"])
        self.assertIn("in br0", next(line for line in lines if line.startswith("p0")))

    def test_record_says_what_ip_says(self):
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)
        ip("route add default via 192.0.2.254")
        record = self.record("--json")
        seen = links()
        self.assertEqual({link["name"] for link in record["links"]}, set(seen))
        for link in record["links"]:
            other = seen[link["name"]]
            self.assertEqual(link["index"], other["ifindex"])
            self.assertEqual(link["mac"], other["address"])
            self.assertEqual(link["mtu"], other["mtu"])
            self.assertEqual(link["state"], other["operstate"].lower())
            self.assertEqual(link["master"], other.get("master"))
            self.assertEqual(set(link["addresses"]), {f"{a['local']}/{a['prefixlen']}" for a in other["addr_info"]})
        bridge = next(link for link in record["links"] if link["name"] == "br0")
        self.assertEqual((bridge["ports"], bridge["routes"]), (["p0"], ["default"]))
        self.assertEqual([link["name"] for link in self.record("show p1 --json")["links"]], ["p1"])
        self.expect_refusal("show nic9", 3, "cannot show link 'nic9': it does not exist",
                            "'net-setup show' lists the links")


class Names(lab.Lab):
    def test_what_a_terminal_would_obey_is_refused_and_not_shown(self):
        before = world()
        for words in (["bridge", "add", "\x1b[31mX"], ["bridge", "add", "br0", "--port", "a\x07b"], ["lan-bridge", "\x7f"],
                      ["vlan", "add", "p0", "5", "--name", "v\x1b[2J"], ["show", "x\x1b[2J"]):
            done = subprocess.run([lab.TOOL, *words], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("it holds a character that cannot be shown", done.stderr)
            self.assertTrue(done.stderr.replace("\n", "").isprintable(), repr(done.stderr))
            self.assertEqual(world(), before)

    def test_links_that_others_named_so_are_shown_without(self):
        name = "\x1b[31mX"
        subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
        shown = self.tool("show").stdout
        subprocess.run(["ip", "link", "del", name], check=True)  # before ip's own JSON, which it would break
        self.assertRegex(shown, r"(?m)^X +bridge ")
        self.assertNotIn("\x1b", shown)


class Namespaces(lab.Lab):
    def tearDown(self):
        subprocess.run(["ip", "netns", "del", "blue"], stderr=subprocess.DEVNULL, check=False)
        super().tearDown()

    def test_works_in_the_one_that_is_named(self):
        ip("netns add blue")
        before = world()
        self.expect("bridge add br0 --netns blue", 0)
        self.assertEqual(world(), before)
        self.assertEqual(self.record("show br0 --netns blue --json")["netns"], "blue")
        self.assertIn("br0", links("blue"))

    def test_says_which_one_is_missing(self):
        self.expect_refusal("show --netns red", 3,
                            "cannot enter network namespace 'red': No such file or directory", "ip netns add red")
        self.expect_refusal("show --netns ../red", 2, "cannot use network namespace name '../red'",
                            "'ip netns list' lists those that exist")

    def test_a_killed_run_is_undone_in_its_own_and_nowhere_else(self):
        ip("netns add blue")
        self.tool("bridge add br0 --netns blue", fault="kill:after:0")
        done = self.expect("bridge del nix", 0)
        self.assertIn("was killed half-way; what it made can only be undone in network namespace 'blue': run "
                      "net-setup there (--netns blue)", done.stderr)
        self.assertIn("br0", links("blue"))
        done = self.expect("bridge del nix --netns blue", 0)
        self.assertIn("which an earlier run did not end", done.stderr)
        self.assertNotIn("br0", links("blue"))

    def test_a_namespace_that_is_gone_took_its_links_with_it(self):
        ip("netns add blue")
        self.tool("bridge add br0 --netns blue", fault="kill:after:0")
        ip("netns del blue")
        self.assertEqual(self.expect("bridge del nix", 0).stderr, "nothing to do\n")


class Access(lab.Lab):
    def test_a_plain_user_may_look_and_plan_but_not_change(self):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        self.expect("show", 0, prefix=nobody)
        self.expect("bridge add br0 --dry-run", 1, prefix=nobody)
        before = world()
        done = self.expect("bridge add br0", 3, prefix=nobody)
        self.assertEqual(done.stderr, "net-setup: cannot change the network: this needs root (CAP_NET_ADMIN)\n"
                                      "  hint: run it with sudo; --dry-run works without\n")
        self.assertEqual(world(), before)

    def test_a_second_instance_is_told_who_is_at_work(self):
        os.makedirs("/run/kvmkit")
        for name in ("lock.net-setup", "lock"):
            with open(f"/run/kvmkit/{name}", "w", encoding="utf-8") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                json.dump({"pid": os.getpid(), "command": "host-setup apply", "since": 0}, held)
                held.flush()
                before = world()
                done = self.expect("bridge add br0", 11)
                self.assertRegex(done.stderr, rf"another instance is at work: pid {os.getpid()} "
                                              r"\('host-setup apply'\), for \d+ s")
                self.assertEqual(world(), before)

    def test_a_second_instance_whose_record_makes_no_sense_is_told_of_too(self):
        os.makedirs("/run/kvmkit")
        for record in ({"pid": "nobody", "command": "x", "since": 0}, {"pid": 1, "command": 7, "since": 0},
                       {"pid": 1, "command": "x", "since": None}, {}):
            with open("/run/kvmkit/lock", "w", encoding="utf-8") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                json.dump(record, held)
                held.flush()
                self.assertIn("another instance holds '/run/kvmkit/lock'", self.expect("bridge add br0", 11).stderr)


lab.enter()
lab.run_tests()
