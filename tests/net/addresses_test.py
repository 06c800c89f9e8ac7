# SPDX-License-Identifier: Apache-2.0
"""Addresses that have more than a network, on a real kernel: the other end, a label, a lifetime. usage: addresses_test.py NET-SETUP SCHEMAS"""
import json
import pathlib
import subprocess

import lab
from lab import ip

STATE = pathlib.Path("/run/lab/state.yml")
LIFETIMES = ("valid_life_time", "preferred_life_time")
SHORTER_AT_MOST = 100


class Addresses(lab.Lab):
    def setUp(self):
        super().setUp()
        ip("link add br0 address 02:00:00:00:00:07 type bridge stp_state 0")
        ip("link set p0 master br0")
        for name in ("p0", "br0"):
            ip(f"link set {name} up")
        for words in ("198.51.100.5 peer 203.0.113.7/24", "198.51.100.6 peer 203.0.114.7",
                      "192.0.4.1/24 broadcast 192.0.4.255 label br0:web scope link metric 77",
                      "192.0.2.9/24 broadcast + valid_lft 7000 preferred_lft 0", "192.0.2.10/24", "192.0.3.1/24 noprefixroute",
                      "2001:db8::5 peer 2001:db8::6 nodad", "2001:db8:1::1/64 nodad metric 99 preferred_lft 0",
                      "2001:db8:2::1/64 nodad noprefixroute valid_lft 7000 preferred_lft 6000"):
            ip(f"addr add {words} dev br0")
        self.before = self.addresses()
        self.assertEqual(len(self.before), 9)

    def addresses(self):
        """As ip(8) sees them but for the link-local one: IPv4's in their order, which says who is primary."""
        seen = subprocess.run(["ip", "-j", "addr", "show", "dev", "br0"], check=True, capture_output=True, text=True).stdout
        found = [one for one in json.loads(seen)[0]["addr_info"] if not one["local"].startswith("fe80:")]
        return sorted(found, key=lambda one: one["local"] if one["family"] == "inet6" else "")

    def apply_and_undo(self, state):
        STATE.write_text(state, encoding="utf-8")
        self.expect(f"apply {STATE} --confirm none --allow all", 0)
        between = subprocess.run(["ip", "-br", "addr"], check=True, capture_output=True, text=True).stdout
        self.assertNotIn("198.51.100.5", between)
        self.expect("undo", 0)
        after = self.addresses()
        for old, new in zip(self.before, after):
            for life in LIFETIMES:
                was, now = old.pop(life), new.pop(life)
                self.assertTrue(was - SHORTER_AT_MOST <= now <= was, f"{life} of {old}: {was}, then {now}")
        self.assertEqual(after, self.before)

    def test_come_back_with_all_that_they_had_when_the_bridge_does(self):
        self.apply_and_undo("interfaces: [{name: br0, state: absent}]\n")

    def test_come_back_with_all_that_they_had_on_a_bridge_that_stayed(self):
        self.apply_and_undo("interfaces: [{name: br0, ipv4: {enabled: false}, ipv6: {enabled: false}}]\n")

    def test_those_that_stay_keep_all_that_they_have(self):
        self.apply_and_undo("interfaces:\n- name: br0\n  ipv4: {enabled: true, address: [{ip: 192.0.2.10, prefix-length: 24}]}\n")

    def test_described_and_applied_again_they_stay_as_they_are(self):
        shown = self.expect("show br0 --format yaml", 0).stdout
        for address in ("198.51.100.5/24", "198.51.100.6/32", "2001:db8::5/128"):
            self.assertIn(f"# br0: the other end of {address} is not listed: applied, it stays\n", shown)
        STATE.write_text(shown, encoding="utf-8")
        self.assertEqual(self.expect(f"plan {STATE}", 0).stdout, "")

    def test_the_other_end_is_told_as_lost_where_it_is_not_kept(self):
        ip("addr flush dev br0")
        ip("addr add 198.51.100.6 peer 203.0.114.7 dev br0")
        done = self.expect("persist br0 --dry-run", 1)
        self.assertIn("br0: the other end of its address 198.51.100.6/32 is not kept", done.stdout + done.stderr)


lab.enter()
lab.run_tests()
