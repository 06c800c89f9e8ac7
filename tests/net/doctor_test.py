# SPDX-License-Identifier: Apache-2.0
"""net-setup doctor on a real kernel: faults made by ip(8) are told, and gone after the printed commands.
usage: doctor_test.py NET-SETUP SCHEMAS"""
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import time
import unittest

import etc_folder
import lab
from lab import ip, links


def setting(path, value=None):
    """Reads a file below /proc/sys/net, or writes it."""
    file = pathlib.Path("/proc/sys/net") / path
    if value is not None:
        file.write_text(f"{value}\n", encoding="ascii")
    return file.read_text(encoding="ascii").strip()


def has_br_netfilter():
    return os.path.exists("/proc/sys/net/bridge/bridge-nf-call-iptables")


def listening(name):
    """Every frame that passes a link."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((name, 0))
    return raw


class Doctor(lab.Lab):
    """Each test begins with a bridge of net-setup's on p0 on which nothing is wrong."""

    def setUp(self):
        super().setUp()
        if has_br_netfilter():
            setting("bridge/bridge-nf-call-iptables", 0)
            setting("bridge/bridge-nf-call-ip6tables", 0)
        setting("ipv4/conf/all/rp_filter", 0)
        self.expect("bridge add br0 --port p0 --address 192.0.2.1/24", 0)
        self.assertEqual(self.found()[1], [])

    def found(self, words="", code=None):
        """The record, and the ids of what is no note."""
        done = self.tool(f"doctor --json {words}")
        record = self.record(f"doctor --json {words}", done.returncode if code is None else code)
        wrong = [row["id"] for row in record["findings"] if row["gravity"] in ("fault", "risk")]
        self.assertEqual(record["verdict"] == "wrong", bool(wrong))
        self.assertEqual(done.returncode, {"ok": 0, "wrong": 1, "unknown": 3}[record["verdict"]])
        return record, wrong

    def row(self, name, words=""):
        rows = [row for row in self.found(words)[0]["findings"] if row["id"] == name]
        self.assertLessEqual(len(rows), 1)
        return rows[0] if rows else None

    def expect_kept(self, row):
        """What makes it last can be run, and is printed."""
        shown = self.tool("doctor").stdout
        for command in row["keep"]:
            self.assertIn(f"keep: {command}\n", shown)
            if command.startswith("net-setup persist "):
                done = self.tool(command.removeprefix("net-setup ") + " --dry-run")
                self.assertIn(done.returncode, (0, 1), f"{command}: {done.stderr}")
            else:
                subprocess.run(["sh", "-c", command], check=True)

    def expect_kept_by_file(self, row, name, spoil):
        """Once the trouble is back, as after a boot, what reads the written files ends it."""
        spoil()
        self.assertIsNotNone(self.row(name))
        for command in row["keep"]:
            path = pathlib.Path(command.rstrip("'").split(" > ")[1])
            if path.parent.name == "sysctl.d":
                self.expect_the_last_word(path)
            elif path.name.endswith("-mac.rules"):
                rule = re.fullmatch(r'ACTION=="add\|move", SUBSYSTEM=="net", KERNEL=="(\S+)", RUN\+="(/\S+ .+)"\n',
                                    path.read_text(encoding="ascii"))
                self.assertIn(rule[1], row["links"])
                subprocess.run(rule[2].split(), check=True)
        self.assertIsNone(self.row(name))

    def expect_the_last_word(self, path):
        """As at a boot, in the order of their names, with a rival that says otherwise."""
        key, value = path.read_text(encoding="ascii").strip().split("=")
        rival = path.parent / "kubernetes.conf"
        rival.write_text(f"{key}={1 - int(value) if value in '01' else 1}\n", encoding="ascii")
        self.addCleanup(rival.unlink, missing_ok=True)
        for file in sorted((path, rival)):
            subprocess.run(["sysctl", "-q", "-p", file], check=True)

    def expect_mended(self, name, gravity="risk"):
        """It is told; its commands end without error; then it is told no more, and what makes it last can be run."""
        row = self.row(name)
        self.assertIsNotNone(row, name)
        self.assertEqual(row["gravity"], gravity)
        self.assertTrue(row["commands"])
        self.assertIn(row["message"], self.tool("doctor").stdout)
        for command in row["commands"]:
            self.assertIn(f"mend: {command}\n", self.tool("doctor").stdout)
        self.expect_kept(row)
        for command in row["commands"]:
            done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
        self.assertIsNone(self.row(name))
        return row

    def test_nothing_wrong_is_exit_code_0(self):
        done = self.expect("doctor", 0)
        self.assertIn("nothing is wrong\n", done.stdout)

    def test_bridge_whose_mac_is_not_pinned(self):
        ip("link add br1 type bridge mcast_snooping 0")
        ip("link add q0 type veth peer name q1")
        ip("link set q0 master br1")
        mac = links()["br1"]["address"]
        self.expect_mended("bridge.mac-unpinned")
        ip("link add low address 02:00:00:00:00:01 type veth peer name far")
        ip("link set low master br1")
        self.assertEqual(links()["br1"]["address"], mac)

    def test_spanning_tree_that_lets_new_vms_wait(self):
        ip("link set br0 type bridge stp_state 1 forward_delay 1500")
        self.expect_mended("bridge.stp-delay")

    def test_port_that_still_listens(self):
        ip("link set br0 type bridge stp_state 1 forward_delay 1500")
        ip("link set p0 nomaster")
        ip("link set p0 master br0")
        self.expect_mended("port.not-forwarding", "fault")
        self.assertEqual(links()["p0"]["linkinfo"]["info_slave_data"]["state"], "forwarding")

    def test_snooping_without_querier(self):
        ip("link add q0 type veth peer name q1")
        ip("link set q0 master br0")
        self.assertEqual(self.found()[1], [], "a bridge as net-setup makes them is no fault and no risk")
        self.expect_mended("bridge.snooping-no-querier", "note")
        ip("link set br0 type bridge mcast_snooping 1 mcast_querier 1")
        self.assertIsNone(self.row("bridge.snooping-no-querier"))

    def test_snooping_without_querier_keeps_nothing_back(self):
        """Why it is but a note: what one port asked for goes to all as long as nobody asks."""
        for name in ("q", "r"):
            ip(f"link add {name}0 type veth peer name {name}1")
            ip(f"link set {name}1 up")
            self.expect(f"port add br0 {name}0", 0)
        ip("addr add 192.0.2.9/24 dev p1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member, listening("r1") as far:
            group = socket.inet_aton("239.1.2.3") + socket.inet_aton("192.0.2.9")
            member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            deadline = time.monotonic() + 5
            while "239.1.2.3" not in subprocess.run(["bridge", "mdb"], capture_output=True, text=True).stdout:
                self.assertLess(time.monotonic(), deadline, "the bridge heard of no member")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
                by_link = struct.pack("@8xi", socket.if_nametoindex("q1"))
                near.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, by_link)
                near.sendto(b"for all", ("239.1.2.3", 9))
            far.settimeout(5)
            while not far.recv(2048).startswith(bytes.fromhex("01005e010203")):
                pass

    def test_bridge_without_carrier(self):
        ip("link set p0 down")
        self.assertEqual(self.expect_mended("bridge.no-carrier")["commands"], ["ip link set p0 up"])

    @unittest.skipUnless(has_br_netfilter() and shutil.which("iptables"), "needs br_netfilter and iptables")
    def test_firewall_that_drops_what_bridges_carry(self):
        subprocess.run(["iptables", "-P", "FORWARD", "DROP"], check=True)
        self.addCleanup(subprocess.run, ["iptables", "-P", "FORWARD", "ACCEPT"], check=True)
        self.assertIsNone(self.row("bridge.firewall"))
        setting("bridge/bridge-nf-call-iptables", 1)
        row = self.expect_mended("bridge.firewall", "fault")
        self.expect_kept_by_file(row, "bridge.firewall", lambda: setting("bridge/bridge-nf-call-iptables", 1))
        self.assertIn('KERNEL=="br_netfilter"', pathlib.Path("/etc/udev/rules.d/90-kvmkit-br_netfilter.rules").read_text())
        self.assertIn("iptables -I FORWARD -i br0 -o br0 -j ACCEPT", row["why"])
        ip("link set br0 type bridge nf_call_iptables 1")
        self.expect_mended("bridge.firewall", "fault")

    @unittest.skipUnless(has_br_netfilter(), "needs br_netfilter")
    def test_firewall_that_may_not_be_read_is_no_answer(self):
        setting("bridge/bridge-nf-call-iptables", 1)
        done = self.tool("doctor", prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        self.assertIn("cannot tell whether the firewall drops what br0 carries", done.stdout)
        self.assertEqual(done.returncode, 3, done.stdout)

    def test_address_left_on_a_port(self):
        ip("link add q0 type veth peer name q1")
        ip("link set q1 up")
        ip("link set q0 up")
        ip("addr add 198.51.100.9/24 dev q0")
        ip("route add default via 198.51.100.254 metric 50")
        ip("link set q0 master br0")
        self.expect_mended("port.address", "fault")
        self.assertIn("198.51.100.9", [a["local"] for a in links()["br0"]["addr_info"]])
        seen = subprocess.run(["ip", "route", "show", "default"], capture_output=True, text=True, check=True).stdout
        self.assertIn("via 198.51.100.254 dev br0 metric 50", seen)

    def test_ipv6_on_a_port(self):
        setting("ipv6/conf/p0/disable_ipv6", 1)
        setting("ipv6/conf/p0/disable_ipv6", 0)
        ip("-6 addr add fe80::7/64 dev p0 nodad")
        self.expect_mended("port.ipv6", "note")

    def test_port_smaller_than_its_bridge(self):
        ip("link set br0 mtu 1499")  # one that differs pins it
        ip("link set br0 mtu 1500")
        ip("link set p0 mtu 1400")
        self.assertEqual(self.expect_mended("mtu.port", "fault")["commands"], ["ip link set br0 mtu 1400"])

    def test_small_port_that_holds_its_bridge_down(self):
        ip("link set p1 mtu 9000")
        ip("link set p0 mtu 9000")
        ip("link add q0 mtu 1500 type veth peer name q1 mtu 9000")
        ip("link set q0 master br0")
        self.assertEqual(self.expect_mended("mtu.bridge", "note")["commands"], ["ip link set q0 mtu 9000"])

    def test_tunnel_larger_than_what_carries_it(self):
        ip("link set p1 mtu 1400")
        ip("link add vx7 mtu 1500 type vxlan id 7 dev p1 dstport 4789 remote 192.0.2.7")
        ip("link set vx7 mtu 1350")
        self.assertIsNone(self.row("mtu.stacked"))
        ip("link set p1 mtu 1300")
        self.expect_mended("mtu.stacked", "fault")

    def test_strict_reverse_path_filter_in_one_network(self):
        ip("addr add 192.0.2.2/24 dev p1")
        setting("ipv4/conf/p1/rp_filter", 1)
        row = self.expect_mended("host.rp-filter")
        self.expect_kept_by_file(row, "host.rp-filter", lambda: setting("ipv4/conf/p1/rp_filter", 1))

    def test_vms_without_a_way_out(self):
        ip("addr add 198.51.100.1/24 dev p1")
        ip("route add default via 198.51.100.254")
        ip("tuntap add vnet0 mode tap")
        self.expect("bridge add br1 --address 203.0.113.1/24", 0)
        ip("link set vnet0 master br1")
        setting("ipv4/ip_forward", 0)
        row = self.expect_mended("host.ip-forward", "note")
        self.expect_kept_by_file(row, "host.ip-forward", lambda: setting("ipv4/ip_forward", 0))
        setting("ipv4/ip_forward", 0)

    def test_same_mac_twice(self):
        mac = links()["p0"]["address"]

        def spoil():
            for name in ("p0", "p1"):
                ip(f"link set {name} address {mac}")
        spoil()
        self.expect_kept_by_file(self.expect_mended("link.same-mac"), "link.same-mac", spoil)

    def test_same_address_twice(self):
        ip("addr add 192.0.2.1/32 dev p1")
        self.expect_mended("link.same-address", "fault")

    def test_idle_link(self):
        self.expect_mended("link.idle", "note")

    def test_name_that_leaves_no_room_for_a_vlan(self):
        ip("link add br-of-the-lan type bridge")
        row = self.row("link.long-name")
        self.assertEqual((row["links"], row["commands"]), (["br-of-the-lan"], []))

    def test_bpdus_are_heard_where_asked_for(self):
        ip("link add q0 type veth peer name q1")
        ip("link add far type bridge stp_state 1")
        ip("link set q1 up master far")
        ip("link set far up")
        ip("link set q0 up")
        self.assertIsNone(self.row("link.bpdu"))
        record = self.record("doctor q0 --listen 5 --json", self.tool("doctor q0").returncode)
        self.assertEqual(record["listened_seconds"], 5)
        row = next(row for row in record["findings"] if row["id"] == "link.bpdu")
        mac = links()["far"]["address"].replace(":", "")
        self.assertEqual((row["links"], row["message"]), (["q0"], f"BPDUs come in on q0 from bridge 8000.{mac}"))

    def test_bpdus_are_heard_on_a_port_too(self):
        ip("link add far type bridge stp_state 1")
        ip("link set p1 master far")
        ip("link set far up")
        self.assertEqual(self.row("link.bpdu", "--listen 5 p0")["links"], ["p0"])

    def test_listening_needs_root_and_a_time(self):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        done = self.expect("doctor --listen 1", 3, prefix=nobody)
        self.assertIn("cannot listen for BPDUs", done.stderr)
        self.assertIn("hint: this needs root (CAP_NET_RAW)", done.stderr)
        for text in ("0", "soon", "601", "5s"):
            self.expect_refusal(f"doctor --listen {text}", 2, f"--listen takes a number of seconds, not '{text}'",
                                "give 1 to 600; a spanning tree says hello every 2 s")

    def test_one_link_alone(self):
        ip("addr add 192.0.2.1/32 dev p1")
        self.assertEqual(self.found("p0")[1], [])
        self.assertEqual(self.found("p1")[1], ["link.same-address"])
        self.expect_refusal("doctor nic9", 3, "cannot examine link 'nic9': it does not exist",
                            "'net-setup show' lists the links")

    def test_a_plain_user_is_told_the_same(self):
        ip("link set br0 mtu 1499")  # one that differs pins it
        ip("link set br0 mtu 1500")
        ip("link set p0 mtu 1400")
        done = self.expect("doctor", 1, prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        self.assertIn("mend: ip link set br0 mtu 1400", done.stdout)

    def test_in_another_namespace(self):
        ip("netns add blue")
        self.addCleanup(ip, "netns del blue")
        ip("-n blue link add br0 type bridge")
        ip("-n blue link add b0 type veth peer name b1")
        ip("-n blue link set b0 master br0")
        record, wrong = self.found("--netns blue")
        self.assertEqual((record["netns"], wrong), ("blue", ["bridge.mac-unpinned"]))
        command = record["findings"][0]["commands"][0]
        self.assertTrue(command.startswith("ip netns exec blue ip link set br0 address "), command)
        self.assertEqual(record["findings"][0]["keep"], [], "no boot makes a named namespace again")
        subprocess.run(command.split(), check=True)
        self.assertEqual(self.found("--netns blue")[1], [])


lab.enter()
etc_folder.own_etc()
shutil.rmtree("/etc/udev/rules.d", ignore_errors=True)  # as where nobody ever wrote one
lab.run_tests()
