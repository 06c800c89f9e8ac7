# SPDX-License-Identifier: Apache-2.0
"""Addresses that have more than a network, on a real kernel: the other end, a label, a lifetime. usage: addresses_test.py NET-SETUP SCHEMAS"""
import json
import os
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

    def test_link_local_ones_that_are_named_are_set_and_shown_and_undone(self):
        own = [one["local"] for one in self.link_local()]
        STATE.write_text("interfaces:\n- name: br0\n  ipv6: {enabled: true, address: [{ip: 'fe80::7', prefix-length: 64}, "
                         "{ip: '2001:db8:1::1', prefix-length: 64}]}\n", encoding="utf-8")
        self.expect(f"apply {STATE} --confirm none --allow all", 0)
        self.assertEqual(sorted(one["local"] for one in self.link_local()), sorted([*own, "fe80::7"]))
        self.assertEqual(self.expect(f"plan {STATE}", 0).stdout, "")
        shown = self.expect("show br0 --format yaml", 0).stdout
        self.assertIn("fe80::7", shown)
        for address in own:
            self.assertNotIn(address, shown)
        STATE.write_text(shown, encoding="utf-8")
        self.assertEqual(self.expect(f"plan {STATE}", 0).stdout, "")
        self.expect("undo", 0)
        self.assertEqual([one["local"] for one in self.link_local()], own)

    def link_local(self):
        return [one for one in lab.links()["br0"]["addr_info"] if one["local"].startswith("fe80:")]

    def test_a_lease_can_be_kept_and_neither_asked_for_nor_ended(self):
        STATE.write_text("interfaces: [{name: p1, ipv4: {enabled: true, dhcp: true}}]\n", encoding="utf-8")
        ip("addr add 192.0.9.1/24 dev p1")
        self.assertIn("the link has no lease to keep", self.expect(f"plan {STATE}", 3).stderr)
        ip("addr change 192.0.9.1/24 dev p1 valid_lft 7000 preferred_lft 7000")
        self.assertEqual(self.expect(f"plan {STATE}", 0).stdout, "")
        STATE.write_text("interfaces: [{name: p1, ipv4: {enabled: true, dhcp: false}}]\n", encoding="utf-8")
        self.assertIn("cannot end DHCP of 'p1': its address 192.0.9.1/24 is leased", self.expect(f"plan {STATE}", 3).stderr)

    def test_a_plan_tells_what_apply_refuses(self):
        os.environ["SSH_CONNECTION"] = "192.0.2.77 5000 192.0.2.10 22"
        self.addCleanup(os.environ.pop, "SSH_CONNECTION")
        STATE.write_text("interfaces: [{name: br0, ipv4: {enabled: false}}]\n", encoding="utf-8")
        refused = self.expect(f"apply {STATE} --confirm none", 10).stderr
        plan = self.expect(f"plan {STATE}", 1)
        self.assertIn("apply refuses this: ", plan.stderr)
        sentence = self.record(f"plan {STATE} --json", 1)["refused"]
        for text in (refused, plan.stderr):
            self.assertIn(sentence, text)
        self.assertEqual(self.expect(f"plan {STATE} --allow all", 1).stderr, "")
        self.assertIsNone(self.record(f"plan {STATE} --allow all --json", 1)["refused"])

    def test_the_other_end_is_told_as_lost_where_it_is_not_kept(self):
        ip("addr flush dev br0")
        ip("addr add 198.51.100.6 peer 203.0.114.7 dev br0")
        done = self.expect("persist br0 --dry-run", 1)
        self.assertIn("br0: the other end of its address 198.51.100.6/32 is not kept", done.stdout + done.stderr)
        ip("addr add fe80::7/64 dev br0")
        done = self.expect("persist br0 --dry-run", 1)
        self.assertIn("br0: its link-local address fe80::7/64 is not kept", done.stdout + done.stderr)


lab.enter()
lab.run_tests()
