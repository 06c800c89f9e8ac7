# SPDX-License-Identifier: Apache-2.0
"""net-setup turns a bridge's spanning tree and its delays on and off, and takes that back by every way that there is.
usage: spanning_tree_test.py NET-SETUP SCHEMAS ECHO-PEER"""
import pathlib

import lab
import uplink
from lab import ip, links
from watched import Watched

DELAYED = "bridge set br0 --stp on --forward-delay 4"
STATE = pathlib.Path("/run/lab/before.yml")


def tree():
    """Whether br0 has a spanning tree, and its forward delay, hello time and maximum age, in 1/100 s."""
    seen = links()["br0"]["linkinfo"]["info_data"]
    return tuple(seen[key] for key in ("stp_state", "forward_delay", "hello_time", "max_age"))


class SpanningTree(lab.Lab):
    def setUp(self):
        super().setUp()
        self.expect("bridge add br0 --port p0", 0)
        self.before = tree()
        self.assertEqual(self.before, (0, 0, 200, 2000))
        STATE.write_text(self.expect("show --format yaml", 0).stdout, encoding="utf-8")

    def test_with_a_delay_is_undone(self):
        self.expect(DELAYED, 0)
        self.assertEqual(tree(), (1, 400, 200, 2000))
        self.expect("undo", 0)
        self.assertEqual(tree(), self.before)

    def test_alone_is_undone_with_the_delay_that_the_kernel_gave_it(self):
        self.expect("bridge set br0 --stp on", 0)
        self.assertEqual(tree(), (1, 200, 200, 2000))
        self.expect("undo", 0)
        self.assertEqual(tree(), self.before)

    def test_that_nobody_confirms_is_undone(self):
        said = self.expect(f"{DELAYED} --confirm ask --timeout 1s", 12).stderr
        self.assertIn("nobody confirmed the change within 1 s: it is undone", said)
        self.assertEqual(tree(), self.before)

    def test_is_turned_off_by_hand(self):
        self.expect(DELAYED, 0)
        self.expect("bridge set br0 --stp off --forward-delay 0", 0)
        self.assertEqual(tree(), self.before)
        self.expect("undo", 0)
        self.assertEqual(tree(), (1, 400, 200, 2000))

    def test_goes_where_a_file_of_before_is_applied(self):
        self.expect(DELAYED, 0)
        self.expect(f"apply {STATE} --confirm none", 0)
        self.assertEqual(tree(), self.before)

    def test_hello_time_and_maximum_age_come_and_go_with_it(self):
        STATE.write_text("interfaces:\n- name: br0\n  type: linux-bridge\n  bridge: {options: {stp: "
                         "{enabled: true, forward-delay: 5, hello-time: 1, max-age: 7}}}\n", encoding="utf-8")
        self.expect(f"apply {STATE} --confirm none", 0)
        self.assertEqual(tree(), (1, 500, 100, 700))
        self.expect("undo", 0)
        self.assertEqual(tree(), self.before)

    def test_killed_between_the_requests_is_undone_by_the_next_run(self):
        ip("link set br0 type bridge stp_state 1 forward_delay 600")
        for request in range(2):
            with self.subTest(request=request):
                self.expect("bridge set br0 --stp off --forward-delay 0 --quiet", -9, fault=f"kill:request:{request}")
                self.expect("bridge del nix", 0)
                self.assertEqual(tree(), (1, 600, 200, 2000))


class UnderTheUplink(Watched):
    """A bridge that has a spanning tree already: its new port is silent for twice the forward delay."""

    def setUp(self):
        super().setUp()
        ip("link add br0 type bridge stp_state 1 forward_delay 200")
        ip("link set br0 addrgenmode none")
        ip("link set br0 up")
        self.before = uplink.everything()

    def test_is_waited_for_where_packets_are_the_proof(self):
        said = self.expect("lan-bridge eth0 --confirm auto", 0).stderr
        self.assertIn("nothing passes 'eth0' for 4 s (2 x the forward delay), for bridge 'br0' has a spanning tree: the proof is "
                      "waited for up to 10 s; 'net-setup bridge set br0 --stp off --forward-delay 0' before", said)
        self.assertEqual(links()["eth0"]["master"], "br0")

    def test_is_waited_for_before_the_operator_is_asked(self):
        run = self.ask()
        self.wait_for(lambda: "is undone in 60 s" in run.stderr.readline(), "the question")
        self.expect("confirm", 0)
        self.expect_end(run, 0, "done: ")

    def test_that_leads_nowhere_is_undone_all_the_same(self):
        run = self.start("lan-bridge eth0 --confirm auto")
        self.wait_for(lambda: self.status()["state"] == "applied", "the change")
        ip("-n lan addr flush dev lan0")
        self.assertIn("no longer reached: the change is undone", run.stderr.read())
        self.assertEqual(run.wait(), 12)
        self.assertIsNone(links()["eth0"].get("master"))


lab.enter()
lab.run_tests()
