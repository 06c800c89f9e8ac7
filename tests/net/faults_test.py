# SPDX-License-Identifier: Apache-2.0
"""net-setup when things go wrong half-way: failures, kills and interruptions at each step, and a state folder that cannot
be written. usage: faults_test.py NET-SETUP SCHEMAS"""
import pathlib
import subprocess

import lab
from lab import ip, world

ADD = "bridge add br0 --port p0 --address 192.0.2.1/24"  # create, attach, up, address, up
STEPS = range(5)
EACH = [(moment, step) for step in STEPS for moment in ("before", "after")]


class HalfWay(lab.Lab):
    def test_a_failure_undoes_what_was_done(self):
        before = world()
        for moment, step in EACH:
            with self.subTest(moment=moment, step=step):
                done = self.expect(f"{ADD} --quiet", 3, fault=f"fail:{moment}:{step}")
                self.assertEqual(done.stderr, f"net-setup: fault hook: {moment}:{step}\n")
                self.assertEqual(world(), before)
        self.assertEqual(self.expect("bridge del nix", 0).stderr, "nothing to do\n")

    def test_a_kill_is_undone_by_the_next_run_which_says_so(self):
        before = world()
        for moment, step in EACH:
            with self.subTest(moment=moment, step=step):
                self.expect(f"{ADD} --quiet", -9, fault=f"kill:{moment}:{step}")
                done = self.expect("bridge del nix", 0)
                self.assertRegex(done.stderr, "undid transaction [0-9TZ-]+, which an earlier run did not end")
                self.assertEqual(world(), before)
        self.expect(ADD, 0)

    def test_an_interruption_rolls_back(self):
        before = world()
        for moment, step in EACH:
            with self.subTest(moment=moment, step=step):
                done = self.expect(f"{ADD} --quiet", 130, fault=f"stop:{moment}:{step}")
                self.assertEqual(done.stderr, "net-setup: interrupted\n")
                self.assertEqual(world(), before)

    def test_a_removal_that_fails_or_is_killed_brings_the_bridge_back(self):
        self.expect(ADD, 0)
        before = world()
        for kind in ("fail", "kill"):
            for moment, step in EACH[:8]:
                with self.subTest(kind=kind, moment=moment, step=step):
                    self.expect("bridge del br0 --quiet", 3 if kind == "fail" else -9, fault=f"{kind}:{moment}:{step}")
                    self.wait_for_the_lock()  # p0 is a way out, so that it is watched
                    self.expect("bridge del nix", 0)
                    self.assertEqual(world(), before)

    def test_a_kill_while_undoing_is_finished_by_the_next_run(self):
        before = world()
        ip("link add link p0 name mv0 type macvlan")  # attaching p0 fails, and that begins the undoing
        self.expect(f"{ADD} --quiet", -9, fault="kill:undo:0")
        self.expect("bridge del nix", 0)
        ip("link del mv0")
        self.assertEqual(world(), before)

    def test_what_cannot_be_undone_is_listed(self):
        ip("link add link p0 name mv0 type macvlan")
        done = self.expect(f"{ADD} --quiet", 4, fault="fail:undo:0")
        self.assertRegex(done.stderr, "and could not undo:\n  create bridge br0 with MAC [0-9a-f:]+: fault hook: undo:0\n")
        self.expect("bridge del nix", 0)
        self.assertNotIn("br0", world())


class StateFolder(lab.Lab):
    def mount(self, options):
        pathlib.Path("/var/lib/kvmkit").mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=755,{options}", "lab", "/var/lib/kvmkit"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/var/lib/kvmkit"], check=True)

    def tearDown(self):
        self.doCleanups()
        super().tearDown()

    def expect_nothing_changed(self, cause):
        before = world()
        addresses = " ".join(f"--address 192.0.2.{last}/24" for last in range(1, 40))
        done = self.expect(f"bridge add br0 --port p0 {addresses} --quiet", 3)
        self.assertIn(cause, done.stderr)
        self.assertIn("/var/lib/kvmkit/txn", done.stderr)
        self.assertEqual(world(), before)

    def test_that_is_read_only_stops_the_run_before_it_begins(self):
        self.mount("ro")
        self.expect_nothing_changed("Read-only file system")

    def test_without_a_free_inode_stops_the_run_before_it_begins(self):
        self.mount("nr_inodes=4")
        self.expect_nothing_changed("No space left on device")

    def test_that_fills_up_half_way_undoes_the_run(self):
        for pages in (1, 2, 3):
            with self.subTest(pages=pages):
                self.mount(f"size={4 * pages}k")
                self.expect_nothing_changed("No space left on device")


lab.enter()
lab.run_tests()
