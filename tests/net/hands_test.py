# SPDX-License-Identifier: Apache-2.0
"""net-setup's commands for hands on a real kernel: bridge set, bridge vlan set, vlan add and del.
usage: hands_test.py NET-SETUP SCHEMAS [full]   full: the kernel must have VLANs and VLAN filtering"""
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import lab
from lab import ip, links, world

FULL = "full" in sys.argv


def settings(name):
    return links()[name]["linkinfo"]["info_data"]


def vlans():
    """What bridge(8) sees: link -> {vid: flags}."""
    seen = subprocess.run(["bridge", "-j", "vlan", "show"], check=True, capture_output=True, text=True).stdout
    return {link["ifname"]: {vid: set(vlan.get("flags", [])) for vlan in link["vlans"]
                             for vid in range(vlan["vlan"], vlan.get("vlanEnd", vlan["vlan"]) + 1)}
            for link in json.loads(seen)}


class BridgeSet(lab.Lab):
    def setUp(self):
        super().setUp()
        self.expect("bridge add br0 --port p0", 0)

    def test_changes_what_is_named_and_nothing_else_and_asking_twice_changes_nothing(self):
        before = settings("br0")
        words = "bridge set br0 --stp on --forward-delay 4 --ageing-time 2m --multicast-snooping off --mtu 1400"
        self.expect(words, 0)
        after = settings("br0")
        changed = {key for key in after if after[key] != before[key] and not key.endswith("_timer")}
        self.assertEqual((after["stp_state"], after["forward_delay"], after["ageing_time"], after["mcast_snooping"]),
                         (1, 400, 12000, 0))
        self.assertLessEqual(changed, {"stp_state", "forward_delay", "ageing_time", "mcast_snooping", "root_id",
                                       "bridge_id"})
        self.assertEqual(world()["br0"]["mtu"], 1400)
        self.assertEqual(self.expect(words, 0).stderr, "nothing to do\n")

    def test_leaves_a_bridge_switched_off_as_it_is(self):
        ip("link set br0 down")
        self.expect("bridge set br0 --stp on", 0)
        self.assertFalse(world()["br0"]["up"])

    def test_records_and_plans(self):
        plan = self.record("bridge set br0 --stp on --dry-run --json", 1)
        self.assertEqual((plan["bridge"], plan["changed"], [step["action"] for step in plan["steps"]]),
                         ("br0", False, ["set-options"]))
        self.assertEqual(settings("br0")["stp_state"], 0)
        self.assertTrue(self.record("bridge set br0 --stp on --mac 02:00:00:00:00:09 --json")["changed"])
        self.assertEqual(world()["br0"]["mac"], "02:00:00:00:00:09")

    def test_is_undone(self):
        before = world(), settings("br0")["stp_state"]
        self.expect("bridge set br0 --stp on --mtu 1300 --mac 02:00:00:00:00:09", 0)
        self.expect("undo", 0)
        self.assertEqual((world(), settings("br0")["stp_state"]), before)

    def test_tells_wrong_words_and_missing_bridges(self):
        self.expect_refusal("bridge set br0", 2, "'net-setup bridge set' was told nothing to set of 'br0'",
                            "'net-setup bridge set --help' lists the settings")
        self.expect_refusal("bridge set br0 --stp maybe", 2, "--stp: 'maybe' is no boolean", "write true or false")
        self.expect_refusal("bridge set br0 --forward-delay 90s", 2, "--forward-delay: '90' is no time that fits here",
                            "give seconds from 0 to 30")
        self.expect_refusal("bridge set br9 --stp on", 3, "cannot set bridge 'br9': it does not exist",
                            "make it: net-setup bridge add br9")
        self.expect_refusal("bridge set p1 --stp on", 10, "cannot set bridge 'p1': it is a link of kind veth, no bridge",
                            "choose another name; 'net-setup show' lists those in use")
        self.expect_refusal("bridge set br0 --mtu 9000", 10,
                            "cannot set the MTU of bridge 'br0' to 9000: its port 'p0' has only 1500",
                            "raise that of the port first: ip link set p0 mtu 9000")

    @unittest.skipIf(FULL, "this kernel filters VLANs")
    def test_a_kernel_without_vlan_filtering_is_told_as_such_and_all_is_undone(self):
        before = world()
        done = self.expect("bridge set br0 --mtu 1400 --vlan-filtering on --quiet", 3)
        self.assertIn("VLAN", done.stderr)
        self.assertEqual(world(), before)


class Vlans(lab.Lab):
    def test_wrong_words_are_told_before_the_kernel_sees_them(self):
        self.expect_refusal("vlan add p0 4095", 2, "'4095' is no VLAN", "give a number from 1 to 4094")
        self.expect_refusal("vlan add nic9 5", 3, "cannot add VLAN 5 to link 'nic9': it does not exist",
                            "'net-setup show' lists the links")
        self.expect_refusal("vlan add p0 5 --name p1", 10,
                            "cannot add VLAN 5 of 'p0' as 'p1': it is a link of kind veth",
                            "choose another name with --name; 'net-setup show' lists those in use")
        self.expect_refusal("vlan del p1", 10, "cannot delete VLAN 'p1': it is a link of kind veth, no VLAN",
                            "'net-setup show' lists the links")
        self.assertEqual(self.expect("vlan del p0.5", 0).stderr, "nothing to do\n")
        self.expect_refusal("bridge vlan set p0 --native 5", 10,
                            "cannot set the VLANs of 'p0': it is neither a bridge nor a port of one",
                            "make it a port: net-setup port add BRIDGE p0")
        self.expect_refusal("bridge vlan set p0", 2, "'net-setup bridge vlan set' was told no VLAN of 'p0'",
                            "give --native 1, --tagged 100,200-299, or both")
        self.expect_refusal("bridge vlan set p0 --native 5 --tagged 1-9", 2,
                            "VLAN 5 is to be both native and tagged", "leave it out of one of them")
        self.expect_refusal("bridge vlan", 2, "'bridge vlan' needs a third word", "run 'net-setup --help'")

    def test_a_name_that_is_too_long_is_refused_with_a_shorter_one(self):
        ip("link add averylongname0 type veth peer name far")
        self.expect_refusal("vlan add averylongname0 1000", 2,
                            "cannot use link name 'averylongname0.1000': it has 19 characters, the kernel takes 15",
                            "a shorter one: averylongn.1000")

    def test_dry_run_plans_where_the_kernel_could_not(self):
        plan = self.record("vlan add p0 100 --address 192.0.2.1/24 --dry-run --json", 1)
        self.assertEqual((plan["vlan"], plan["lower"], plan["id"]), ("p0.100", "p0", 100))
        self.assertEqual([step["action"] for step in plan["steps"]],
                         ["create-link", "add-address", "switch-up", "switch-up"])
        self.expect("bridge add br0 --port p0", 0)
        plan = self.record("bridge vlan set p0 --native 10 --tagged 100,200-299 --dry-run --json", 1)
        self.assertEqual([step["action"] for step in plan["steps"]], ["set-vlans"])

    @unittest.skipUnless(FULL, "needs 8021q")
    def test_vlan_links_come_and_go(self):
        self.expect("vlan add p0 100 --address 192.0.2.1/24 --mtu 1400", 0)
        made = world()["p0.100"]
        self.assertEqual((made["kind"], made["up"], made["mtu"], made["addresses"]),
                         ("vlan", True, 1400, ["192.0.2.1/24"]))
        self.assertEqual(settings("p0.100")["id"], 100)
        self.assertEqual(self.expect("vlan add p0 100", 0).stderr, "nothing to do\n")
        self.expect("vlan add p0 100 --address 2001:db8::1/64", 0)
        self.assertEqual(world()["p0.100"]["addresses"], ["192.0.2.1/24", "2001:db8::1/64"])
        self.expect_refusal("vlan add p0 101 --name p0.100", 10,
                            "cannot add VLAN 101 of 'p0' as 'p0.100': it is there for VLAN 100 on 'p0'",
                            "choose another name with --name; 'net-setup show' lists those in use")
        self.expect("vlan add p0.100 5 --protocol 802.1ad --name inner", 0)
        self.assertEqual(settings("inner")["protocol"], "802.1ad")
        self.expect_refusal("vlan del p0.100", 10, "cannot delete VLAN 'p0.100': other links stand on it (inner)",
                            "delete those first")
        self.expect("vlan del inner", 0)
        ip("route add 203.0.113.0/24 via 192.0.2.9")
        self.expect_refusal("vlan del p0.100", 10, "cannot delete VLAN 'p0.100': routes lead through it (203.0.113.0/24)",
                            "it may carry the connection that you work through; remove the routes first")
        ip("route del 203.0.113.0/24")
        before = world()
        self.expect("vlan del p0.100", 0)
        self.assertNotIn("p0.100", world())
        self.expect("undo", 0)
        self.assertEqual(world(), before)

    @unittest.skipUnless(FULL, "needs bridges that filter VLANs")
    def test_ports_and_bridges_belong_to_vlans(self):
        self.expect("bridge add br0 --port p0", 0)
        done = self.expect("bridge vlan set p0 --native 10 --tagged 100,200-299", 0)
        self.assertIn("br0 does not filter VLANs yet: 'net-setup bridge set br0 --vlan-filtering on'", done.stderr)
        self.assertEqual(settings("br0")["vlan_filtering"], 0)
        self.assertEqual(set(vlans()["p0"]), {10, 100, *range(200, 300)})
        self.assertEqual(vlans()["p0"][10], {"PVID", "Egress Untagged"})
        self.expect("bridge set br0 --vlan-filtering on", 0)
        self.assertEqual(self.expect("bridge vlan set p0 --native 10 --tagged 100,200-299", 0).stderr, "nothing to do\n")
        self.expect("bridge vlan set br0 --native 10 --tagged 100", 0)
        self.assertEqual(set(vlans()["br0"]), {10, 100})
        self.expect("vlan add br0 200 --address 192.0.2.1/24", 0)
        self.assertEqual(set(vlans()["br0"]), {10, 100, 200})
        self.expect_refusal("vlan add p0 7", 10, "cannot add VLAN 7 to 'p0': it is a port of 'br0', which filters VLANs",
                            "give it to the bridge: net-setup vlan add br0 7")
        self.expect("undo", 0)
        self.assertEqual(set(vlans()["br0"]), {10, 100})


@unittest.skipUnless(FULL, "needs 8021q")
class VlansOfTheCard(lab.Lab):
    """VLAN links on a card that lan-bridge makes a port: the host hears theirs before the bridge does."""

    def setUp(self):
        super().setUp()
        ip("netns add far")
        self.addCleanup(subprocess.run, ["ip", "netns", "del", "far"], check=True)
        ip("link set p1 netns far")
        for words in ("link set p1 up", "addr add 192.0.2.2/24 dev p1", "link add link p1 name p1.7 type vlan id 7",
                      "addr add 198.51.100.2/24 dev p1.7", "link set p1.7 up"):
            ip(f"-n far {words}")
        ip("link set p0 up")
        for address in ("192.0.2.1/24", "192.0.2.11/24"):
            ip(f"addr add {address} dev p0")
        self.expect("vlan add p0 7 --address 198.51.100.1/24", 0)

    def assert_answers(self, address):
        """The far end answers ARP, on whichever link the address is looked for."""
        subprocess.run(["ip", "neigh", "flush", "to", address], check=True)
        deadline = time.monotonic() + 5
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            while True:
                probe.sendto(b"?", (address, 9))
                seen = subprocess.run(["ip", "-j", "neigh", "show", "to", address], check=True, capture_output=True,
                                      text=True).stdout
                if any("lladdr" in one for one in json.loads(seen or "[]")):
                    return
                self.assertLess(time.monotonic(), deadline, f"{address} does not answer")
                time.sleep(0.05)

    def test_stay_on_it_and_go_on_working(self):
        before = world()["p0.7"]
        self.expect("lan-bridge p0 --confirm none", 0)
        self.assertEqual(world()["p0.7"], before)
        self.assertEqual(links()["p0.7"]["link"], "p0")
        self.assertEqual(world()["br0"]["addresses"], ["192.0.2.1/24", "192.0.2.11/24"])
        self.assert_answers("192.0.2.2")
        self.assert_answers("198.51.100.2")
        self.expect("bridge set br0 --vlan-filtering on --confirm none", 0)
        self.assert_answers("192.0.2.2")
        self.assert_answers("198.51.100.2")
        self.expect("lan-bridge p0 --back --confirm none", 0)
        self.assertEqual(world()["p0.7"], before)
        self.assert_answers("198.51.100.2")


class Refusals(lab.Lab):
    """What the host's surroundings speak against, below a root of their own."""

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(tempfile.mkdtemp(dir="/run/lab"))
        self.root.chmod(0o755)
        self.expect("bridge add br0", 0)

    def lay(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def make_card(self, name, driver):
        """A veth is no card, unless a driver of hardware moves it."""
        device = self.root / "sys/class/net" / name / "device"
        device.mkdir(parents=True)
        (device / "driver").symlink_to(f"../../../../bus/virtio/drivers/{driver}")

    def refused_by(self, name, words, says):
        before = world()
        for more in ("", " --dry-run"):
            done = self.expect(f"{words} --root {self.root}{more}", 10)
            self.assertIn(says, done.stderr)
            self.assertIn(f"--allow {name} does it all the same", done.stderr)
        self.assertEqual(world(), before)
        self.expect(f"{words} --root {self.root} --allow {name} --confirm none", 0)
        self.assertNotEqual(world(), before)

    def test_a_card_of_a_cloud(self):
        self.lay("sys/class/dmi/id/sys_vendor", "Hetzner\n")
        self.make_card("p0", "virtio_net")
        self.refused_by("cloud-nic", "port add br0 p0",
                        "cannot attach port 'p0' to 'br0': it is a card of a cloud (Hetzner Cloud), which drops frames "
                        "of other MACs than the card's own")

    def test_a_card_that_only_a_cloud_has(self):
        self.make_card("p0", "ena")
        self.refused_by("cloud-nic", "lan-bridge p0 --bridge br1", "(Amazon EC2)")

    def test_a_cloud_has_nothing_against_other_links(self):
        self.lay("sys/class/dmi/id/sys_vendor", "Amazon EC2\n")
        self.expect(f"port add br0 p0 --root {self.root}", 0)

    def test_a_guest_of_vmware(self):
        self.lay("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n")
        self.make_card("p0", "vmxnet3")
        self.refused_by("vmware", "bridge add br1 --port p0", "promiscuous mode")

    def test_a_spanning_tree_that_is_heard_where_asked_for(self):
        ip("link add far type bridge stp_state 1")
        ip("link set p1 up master far")
        ip("link set far up")
        ip("link set p0 up")
        self.make_card("p0", "virtio_net")
        self.expect(f"port add br0 p0 --dry-run --root {self.root}", 1)
        self.refused_by("bpdu", "port add br0 p0 --listen 5", "BPDUs come in on 'p0' from bridge 8000.")
        self.expect("port del p0", 0)
        ip("link set far type bridge stp_state 0")
        self.expect(f"port add br0 p0 --listen 3 --root {self.root}", 0)

    def test_listening_ends_with_a_signal_and_comes_after_all_else(self):
        ip("link set p0 up")
        self.make_card("p0", "virtio_net")
        run = subprocess.Popen([lab.TOOL, "port", "add", "br0", "p0", "--listen", "60", "--root", str(self.root)],
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        packets = pathlib.Path("/proc/net/packet")  # of the network namespace: its listeners
        self.wait_for(lambda: len(packets.read_text(encoding="ascii").splitlines()) > 1, "listener")
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=20)[1]
        self.assertEqual((run.returncode, links()["p0"].get("master")), (130, None), said)
        self.lay("sys/class/dmi/id/sys_vendor", "VMware, Inc.\n")
        begin = time.monotonic()
        self.assertIn("promiscuous mode", self.expect(f"bridge add br1 --port p0 --listen 60 --root {self.root}", 10).stderr)
        self.assertLess(time.monotonic() - begin, 50)

    def test_silence_of_a_card_that_hears_nothing_is_told(self):
        self.make_card("p0", "virtio_net")
        done = self.expect(f"port add br0 p0 --listen 60 --dry-run --root {self.root}", 1)
        self.assertIn("nothing can be heard on 'p0': it is down; ip link set p0 up\n", done.stderr)
        ip("link set p0 up")
        ip("link set p1 down")
        self.wait_for(lambda: "LOWER_UP" not in links()["p0"]["flags"], "loss of the carrier")
        done = self.expect(f"port add br0 p0 --listen 60 --root {self.root}", 0)
        self.assertIn("nothing can be heard on 'p0': it has no carrier\n", done.stderr)

    def test_what_proxmox_configures(self):
        self.lay("usr/bin/pveversion", "")
        self.lay("etc/network/interfaces", "auto p0\niface p0 inet manual\n")
        self.refused_by("proxmox", "port add br0 p0", "Proxmox VE configures 'p0' by /etc/network/interfaces")

    def test_a_plan_that_leaves_no_way_back(self):
        ip("addr add 192.0.2.1/24 dev br0")
        self.expect("port add br0 p0", 0)
        ip("route add default via 192.0.2.254")
        self.refused_by("way-back", "port del p0", "cannot change the network so: it leaves no default route")

    def test_a_state_file_is_told_where_it_asks_for_it(self):
        self.make_card("p0", "ena")
        state = self.root / "state.yml"
        self.lay("state.yml", "interfaces:\n- name: br0\n  type: linux-bridge\n  bridge:\n    port:\n    - name: p0\n")
        done = self.expect(f"apply {state} --root {self.root}", 10)
        self.assertIn("state.yml:6:7: cannot attach port 'p0' to 'br0': it is a card of a cloud", done.stderr)

    def test_wrong_names_are_told(self):
        self.expect_refusal("port add br0 p0 --allow cloud", 2,
                            "cannot allow 'cloud': nothing is refused by that name",
                            "write cloud-nic, wifi, vmware, hyper-v, bpdu, proxmox, way-back or all")


lab.enter()
lab.run_tests()
