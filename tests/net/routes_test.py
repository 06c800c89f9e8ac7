# SPDX-License-Identifier: Apache-2.0
"""Routes of several ways, and to routers beyond the link's networks, on a real kernel: read, shown, kept, changed and put back. usage: routes_test.py NET-SETUP SCHEMAS"""
import json
import pathlib
import subprocess

import lab
from lab import ip

STATE = pathlib.Path("/run/lab/state.yml")
FAR = "198.51.100.0/24"
FAR6 = "2001:db8:9::/48"


def ways(destination):
    """What ip(8) sees: (gateway, link, weight) of each way, in order."""
    family = "-6" if ":" in destination else "-4"
    seen = subprocess.run(["ip", family, "-j", "route", "show", destination], check=True, capture_output=True,
                          text=True).stdout
    found = []
    for route in json.loads(seen):
        hops = route.get("nexthops") or [route]
        found += [(hop.get("gateway"), hop["dev"], hop.get("weight", 1)) for hop in hops]
    return sorted(found, key=str)


class Routes(lab.Lab):
    def setUp(self):
        super().setUp()
        ip("link add q0 type veth peer name q1")
        for number, name in enumerate(("p0", "p1", "q0", "q1")):
            ip(f"link set {name} up")
            if name.endswith("0"):
                ip(f"addr add 192.0.{2 + number}.1/24 dev {name}")
                ip(f"addr add 2001:db8:{2 + number}::1/64 dev {name} nodad")
        ip(f"route add {FAR} metric 50 nexthop via 192.0.2.9 dev p0 weight 3 nexthop via 192.0.4.9 dev q0 weight 1")
        ip(f"route add {FAR6} metric 50 nexthop via 2001:db8:2::9 dev p0 weight 3 nexthop via 2001:db8:4::9 dev q0 weight 2")
        self.before = ways(FAR), ways(FAR6)
        self.assertEqual(self.before[0], [("192.0.2.9", "p0", 3), ("192.0.4.9", "q0", 1)])

    def apply(self, text, code=0):
        STATE.write_text(text, encoding="utf-8")
        return self.expect(f"apply {STATE} --confirm none", code)

    def test_are_shown_as_they_are_and_what_is_shown_is_an_empty_plan(self):
        shown = self.expect("show --format yaml", 0).stdout
        self.assertIn("weight: 3", shown)
        STATE.write_text(shown, encoding="utf-8")
        self.expect(f"plan {STATE}", 0)

    def test_come_back_after_the_link_of_one_way_was_taken_away(self):
        self.apply("interfaces: [{name: p0, state: absent}]\n")
        self.assertEqual(ways(FAR), [("192.0.4.9", "q0", 1)], "the other way stays")
        self.assertEqual([way[:2] for way in ways(FAR6)], [("2001:db8:4::9", "q0")])
        self.expect("undo", 0)
        self.assertEqual((ways(FAR), ways(FAR6)), self.before)

    def test_come_back_after_both_links_were_taken_away(self):
        self.apply("interfaces: [{name: p0, state: absent}, {name: q0, state: absent}]\n")
        self.assertEqual((ways(FAR), ways(FAR6)), ([], []))
        self.expect("undo", 0)
        self.assertEqual((ways(FAR), ways(FAR6)), self.before)

    def test_come_back_after_a_failure_half_way(self):
        STATE.write_text("interfaces: [{name: p0, state: absent}]\n", encoding="utf-8")
        for step in (0, 2, 4):
            self.expect(f"apply {STATE} --confirm none", 3, fault=f"fail:after:{step}")
            self.assertEqual((ways(FAR), ways(FAR6)), self.before, step)

    def test_are_made_changed_and_removed_by_state_files(self):
        text = ("routes:\n  config:\n"
                "  - {destination: 203.0.113.0/24, next-hop-interface: p0, next-hop-address: 192.0.2.9, weight: 2}\n"
                "  - {destination: 203.0.113.0/24, next-hop-interface: q0, next-hop-address: 192.0.4.9, weight: 5}\n"
                "  - {destination: '2001:db8:a::/48', next-hop-interface: p0, next-hop-address: '2001:db8:2::9', weight: 1}\n"
                "  - {destination: '2001:db8:a::/48', next-hop-interface: q0, next-hop-address: '2001:db8:4::9', weight: 7}\n")
        self.apply(text)
        self.assertEqual(ways("203.0.113.0/24"), [("192.0.2.9", "p0", 2), ("192.0.4.9", "q0", 5)])
        self.assertEqual(ways("2001:db8:a::/48"), [("2001:db8:2::9", "p0", 1), ("2001:db8:4::9", "q0", 7)])
        self.assertEqual(self.apply(text).stderr, "nothing to do\n")
        self.apply(text.replace("weight: 5", "weight: 6"))
        self.assertEqual(ways("203.0.113.0/24"), [("192.0.2.9", "p0", 2), ("192.0.4.9", "q0", 6)])
        self.apply("routes: {config: [{state: absent, destination: 203.0.113.0/24, next-hop-interface: q0}]}\n")
        self.assertEqual(ways("203.0.113.0/24"), [("192.0.2.9", "p0", 1)])
        self.expect("undo", 0)
        self.assertEqual(ways("203.0.113.0/24"), [("192.0.2.9", "p0", 2), ("192.0.4.9", "q0", 6)])
        self.apply("routes: {config: [{state: absent, destination: 203.0.113.0/24}]}\n")
        self.assertEqual(ways("203.0.113.0/24"), [])

    def test_move_with_the_card_to_a_bridge_and_back(self):
        self.expect("lan-bridge p0 --confirm none", 0)
        self.assertEqual(ways(FAR), [("192.0.2.9", "br0", 3), ("192.0.4.9", "q0", 1)])
        self.expect("lan-bridge p0 --back --confirm none", 0)
        self.assertEqual(ways(FAR), self.before[0])


class Beyond(lab.Lab):
    """Hosts at some providers have an address of /32, and a router that answers from beyond it."""

    def setUp(self):
        super().setUp()
        ip("link add br0 address 02:00:00:00:00:07 type bridge stp_state 0")
        ip("link set p0 master br0")
        for name in ("p0", "br0"):
            ip(f"link set {name} up")
        ip("addr add 198.51.100.5/32 dev br0")
        ip("route add default via 203.0.113.1 dev br0 onlink")
        self.before = self.defaults()

    @staticmethod
    def defaults():
        return subprocess.run(["ip", "-j", "route", "show", "default"], check=True, capture_output=True, text=True).stdout

    def test_come_back_when_the_bridge_does(self):
        STATE.write_text("interfaces: [{name: br0, state: absent}]\n", encoding="utf-8")
        self.expect(f"apply {STATE} --confirm none --allow all", 0)
        self.assertEqual(json.loads(self.defaults()), [])
        self.expect("undo", 0)
        self.assertEqual(self.defaults(), self.before)

    def test_come_back_where_the_router_is_the_other_end_of_the_address(self):
        ip("addr flush dev br0")
        ip("addr add 198.51.100.5 peer 203.0.113.1 dev br0")
        ip("route add default via 203.0.113.1")
        before = self.defaults()
        STATE.write_text("interfaces: [{name: br0, state: absent}]\n", encoding="utf-8")
        self.expect(f"apply {STATE} --confirm none --allow all", 0)
        self.assertEqual(json.loads(self.defaults()), [])
        self.expect("undo", 0)
        self.assertEqual(self.defaults(), before)

    def test_are_shown_and_made_again_where_nothing_is(self):
        shown = self.expect("show --format yaml p0 br0", 0).stdout
        self.assertIn("    next-hop-address: 203.0.113.1\n    on-link: true\n", shown)
        STATE.write_text(shown, encoding="utf-8")
        self.assertEqual(self.expect(f"plan {STATE}", 0).stderr, "nothing to do\n")
        ip("link del br0")
        self.expect(f"apply {STATE} --confirm none --allow all", 0)
        self.assertEqual(json.loads(self.defaults())[0]["flags"], ["onlink"])

    def test_without_the_word_are_refused_with_it_as_the_hint(self):
        ip("route del default")
        STATE.write_text("routes: {config: [{destination: 0.0.0.0/0, next-hop-interface: br0, next-hop-address: 203.0.113.1}]}\n",
                         encoding="utf-8")
        done = self.expect(f"apply {STATE} --confirm none", 3)
        self.assertIn("Nexthop has invalid gateway", done.stderr)
        self.assertIn("a state file says on-link: true", done.stderr)


class Copied(lab.Lab):
    def test_what_show_writes_makes_the_same_network_elsewhere(self):
        ip("netns add other")
        self.addCleanup(subprocess.run, ["ip", "netns", "del", "other"], check=True)
        for words in ("link del p0", "link add br0 address 02:00:00:00:00:07 type bridge stp_state 0 ageing_time 1000 mcast_snooping 0",
                      "link add v0 type veth peer name v1", "link set v0 master br0", "link set br0 up", "link set v0 up",
                      "link set v1 up", "addr add 192.0.2.1/24 dev br0", "addr add 192.0.2.2/24 dev br0",
                      "addr add 2001:db8:2::1/64 dev br0 nodad", "link set v0 type bridge_slave isolated on cost 7 learning off",
                      "route add default via 192.0.2.254", "route add 198.51.100.0/24 via 192.0.2.253 metric 50 table 77",
                      "route add unreachable 203.0.113.0/24", "route add 198.18.0.0/15 via 10.9.9.9 dev v1 onlink"):
            ip(words)
        self.addCleanup(subprocess.run, ["ip", "route", "del", "unreachable", "203.0.113.0/24"], check=True)
        shown = self.shown("")
        STATE.write_text(shown, encoding="utf-8")
        self.expect(f"apply {STATE} --netns other --confirm none", 0)
        self.assertEqual(self.shown("--netns other"), shown)
        self.assertEqual(self.expect(f"plan {STATE} --netns other", 0).stderr, "nothing to do\n")

    def shown(self, where):
        """Without name servers, which are not those of another namespace."""
        return self.expect(f"show --format yaml {where}", 0).stdout.partition("dns-resolver:")[0]


lab.enter()
lab.run_tests()
