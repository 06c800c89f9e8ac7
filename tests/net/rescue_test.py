# SPDX-License-Identifier: Apache-2.0
"""What is left when more than the run of net-setup has gone: its disk, or its watchdog, too.
usage: rescue_test.py NET-SETUP SCHEMAS ECHO-PEER"""
import os
import pathlib
import signal
import subprocess

import lab
from lab import ip
from watched import Watched, is_held

STATE = pathlib.Path("/var/lib/kvmkit")
UNDONE = "nobody confirmed the change within 2 s: it is undone"


class WithoutDisk(Watched):
    def setUp(self):
        super().setUp()
        STATE.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=256k", "state", STATE], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", STATE], stderr=subprocess.DEVNULL, check=False)

    def fill(self):
        """The blocks that are left, and what is left of the journal's last one."""
        journal = next((STATE / "txn/net-setup").iterdir()) / "journal"
        for path, piece in ((STATE / "ballast", b"x" * 4096), (journal, b"\n")):
            with open(path, "ab", buffering=0) as file:
                try:
                    while file.write(piece):
                        pass
                except OSError as problem:
                    self.assertIn("No space left", str(problem))

    def test_a_full_disk_does_not_stop_the_undoing(self):
        run = self.ask(timeout="2s")
        self.fill()
        self.expect_end(run, 12, UNDONE)
        self.expect_everything_back()

    def test_a_disk_that_has_gone_does_not(self):
        run = self.ask(timeout="2s")
        subprocess.run(["umount", "-l", STATE], check=True)
        self.expect_end(run, 12, UNDONE)
        self.expect_everything_back()

    def test_what_cannot_be_recorded_cannot_be_kept(self):
        run = self.ask()
        self.fill()
        self.assertIn("is undone: it could not be kept", self.expect("confirm", 12).stderr)
        self.expect_end(run, 12, "the change is undone: it could not be kept: ")
        self.expect_everything_back()


class WithoutWatchdog(Watched):
    def test_status_names_what_was_left_and_rollback_undoes_it(self):
        self.abandon()
        identity = self.record("history --json")["changes"][-1]["id"]
        unfinished, = self.status()["unfinished"]
        self.assertEqual(unfinished, f"change {identity} ('net-setup lan-bridge eth0 --confirm ask --timeout 60s') was killed "
                                     "half-way: net-setup rollback")
        self.assertIn(unfinished, self.expect("status", 0).stdout)
        self.assertIn("no change waits for an answer", self.expect("rollback 2026", 3).stderr)
        self.assertEqual(self.record("rollback --json")["transaction"], identity)
        self.expect_everything_back()
        self.assertEqual((self.status()["unfinished"], self.states()), ([], ["rolled-back"]))
        self.assertIn("no change waits for an answer", self.expect("rollback", 3).stderr)

    def test_what_an_older_one_left_stays_below_a_newer_change(self):
        ip("link add m0 type veth peer name m1")
        ip("link add link m0 name mv0 type macvlan")  # m0 cannot be a port, and that begins the undoing
        self.expect("bridge add br7 --port m0 --quiet", 4, fault="fail:undo:0")
        older, = self.record("history --json")["changes"]
        unfinished, = self.status()["unfinished"]
        self.assertEqual(unfinished, f"change {older['id']} ('net-setup bridge add br7 --port m0 --quiet') could not be undone "
                                     "altogether: net-setup rollback")
        self.expect("bridge set br7 --ageing-time 2m", 0, fault="fail:undo:0")
        newer = self.record("history --json")["changes"][-1]["id"]
        way = f"net-setup undo {newer}; then: net-setup recover"
        left = f"what is left of {older['id']} stays: {newer} was made on top of it ({way})"
        for words, code in (("bridge del nix", 0), ("recover", 4), ("rollback", 4), ("port add br7 m1", 0), ("undo", 0)):
            with self.subTest(words=words):
                done = self.expect(words, code)
                self.assertIn("br7", lab.links())
                if words != "undo":
                    self.assertIn(left, done.stdout + done.stderr)
        unfinished, = self.status()["unfinished"]
        self.assertTrue(unfinished.endswith(f"could not be undone altogether: {way}"), unfinished)
        self.expect(f"undo {newer}", 0)
        self.expect("recover", 0)
        self.assertNotIn("br7", lab.links())

    def test_recover_undoes_it(self):
        self.abandon()
        found, = self.record("recover --json")["found"]
        self.assertRegex(found, "undid transaction .*, which an earlier run did not end")
        self.expect_everything_back()
        self.assertIn("nothing is left half made", self.expect("recover", 0).stderr)

    def test_a_signal_waits_until_all_is_undone(self):
        self.expect("lan-bridge eth0 --confirm none", 0)
        run = self.start("undo", fault="stop:undo:0")
        os.waitpid(run.pid, os.WUNTRACED)
        run.send_signal(signal.SIGHUP)
        run.send_signal(signal.SIGCONT)
        self.expect_end(run, 0, "undone: ")
        self.expect_everything_back()


class WatchdogKilled(Watched):
    def test_at_any_moment_has_the_run_undo_what_it_made(self):
        steps = [f"{moment}:{step}" for step in range(3) for moment in ("before", "after")]
        for place in (*steps, "state:applying", "state:applied", "state:verified"):
            for confirm in ("none", "ask"):
                with self.subTest(place=place, confirm=confirm):
                    run = self.start(f"lan-bridge eth0 --confirm {confirm}", fault=f"hold:{place}")
                    self.wait_for(lambda: is_held(run.pid), "the change to stand still")
                    os.kill(self.status()["watchdog_pid"], signal.SIGKILL)
                    run.send_signal(signal.SIGCONT)
                    self.expect_end(run, 3, "the watchdog has died")
                    self.expect_undone_by_itself()


class StandsStill(Watched):
    """A run that goes on no more, as with Ctrl-S at a terminal that it writes to."""

    def test_is_killed_and_undone_by_a_rollback(self):
        for place in ("before:1", "after:1", "state:applied"):
            with self.subTest(place=place):
                run = self.start("lan-bridge eth0 --confirm ask", fault=f"hold:{place}")
                self.wait_for(lambda: is_held(run.pid), "the change to stand still")
                self.assertEqual(self.status()["state"], "applying")
                for words in ("confirm", "extend"):
                    said = self.expect(words, 3).stderr
                    self.assertIn(f"try again in a moment; kill -9 {run.pid} takes it back at once", said)
                self.assertIn("undone: ", self.expect("rollback", 0).stderr)
                self.assertEqual(run.wait(1), -9)
                self.expect_undone_by_itself()

    def test_while_it_undoes_is_killed_and_undone_too(self):
        self.expect("lan-bridge eth0 --confirm none", 0)
        run = self.start("undo", fault="hold:undo:0")
        self.wait_for(lambda: is_held(run.pid), "the undoing to stand still")
        watchdog = self.status()["watchdog_pid"]
        asker = self.start("rollback")
        self.wait_for(lambda: is_held(watchdog), "the watchdog at the same place")  # it has the same orders
        os.kill(watchdog, signal.SIGCONT)
        self.expect_end(asker, 0, "undone: ")
        self.assertEqual(run.wait(1), -9)
        self.expect_undone_by_itself()


lab.enter()
lab.run_tests()
