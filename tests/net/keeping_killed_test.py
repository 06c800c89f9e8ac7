# SPDX-License-Identifier: Apache-2.0
"""Changes with --persist that die, or whose host does, while their files are written: the next one ends them.
usage: keeping_killed_test.py NET-SETUP SCHEMAS"""
import os
import pathlib
import signal
import subprocess
import time

import lab
from etc_folder import changed, etc, own_etc
from kept_lab import THERE, Keeping


class Killed(Keeping):
    NETWORK_STEPS = 3

    def kill_at(self, moment, step):
        """After the change is confirmed, at a step of writing its files."""
        return self.tool(f"{THERE} --persist auto --quiet", fault=f"kill:{moment}:{step}")

    def kills(self):
        """Yields after a kill at each step, with what /etc is to be in the end."""
        self.expect(f"{THERE} --persist auto", 0)
        kept = etc()
        self.expect("undo", 0)
        step = self.NETWORK_STEPS
        while True:
            for moment in ("before", "after"):
                done = self.kill_at(moment, step)
                if done.returncode == 0:
                    return
                self.assertEqual(done.returncode, -9, done.stderr)
                yield kept
                self.expect("undo", 0)
                self.expect_all_back()
            step += 1

    def test_at_any_step_recover_writes_the_rest(self):
        kills = 0
        for kept in self.kills():
            kills += 1
            unfinished = self.record("status --json")["unfinished"]
            self.assertIn("is confirmed, and its files are not written yet: net-setup recover", unfinished[-1])
            found = self.record("recover --json")["found"]
            self.assertIn("was confirmed, and its files are written now", found[-1])
            self.assertEqual(changed(kept), [])
            self.expect_kept()
            self.assertEqual(self.record("status --json")["unfinished"], [])
            self.assertEqual(self.record("recover --json")["found"], [])
        self.assertGreaterEqual(kills, 6)

    def test_the_next_change_writes_the_rest(self):
        self.kill_at("after", self.NETWORK_STEPS)
        self.assertIn("half written: net-setup recover", self.expect("status", 0).stdout)
        self.assertIn("was confirmed, and its files are written now", self.expect("bridge del nix", 0).stderr)
        self.expect_kept()

    def test_only_the_watchdog_before_it_heard_of_the_confirmation(self):
        run = self.ask()
        watchdog = self.record("status --json")["watchdog_pid"]
        os.kill(watchdog, signal.SIGSTOP)
        asker = subprocess.Popen([lab.TOOL, "confirm"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.2)
        os.kill(watchdog, signal.SIGKILL)
        self.assertNotEqual(asker.wait(20), 0)
        self.assertEqual(run.wait(20), 3)
        self.expect_all_back()


class Rebooted(Keeping):
    """A boot ends when its id changes; the links go, and the files stay."""

    def reboot(self):
        other = pathlib.Path("/run/lab/boot_id")
        other.write_text("00000000-0000-4000-8000-000000000000\n", encoding="ascii")
        subprocess.run(["mount", "--bind", str(other), "/proc/sys/kernel/random/boot_id"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/proc/sys/kernel/random/boot_id"], check=True)

    def test_before_the_confirmation_the_old_files_are_there(self):
        run = self.ask()
        os.kill(self.record("status --json")["watchdog_pid"], signal.SIGKILL)
        run.kill()
        run.wait()
        self.reboot()
        self.assertEqual(self.record("recover --json")["found"], [])
        self.expect_nothing_written()

    def test_after_it_the_new_ones_come_before_the_managers_read_them(self):
        self.tool(f"{THERE} --persist auto", fault=f"kill:after:{Killed.NETWORK_STEPS + 1}")
        self.reboot()
        self.assertIn("its files are written now", self.expect("recover", 0).stdout)
        self.expect_kept()

    def test_a_boot_with_the_old_network_keeps_it(self):
        self.tool(f"{THERE} --persist auto", fault=f"kill:after:{Killed.NETWORK_STEPS + 1}")
        self.reboot()
        done = self.expect("bridge del nix", 0)
        self.assertIn("was confirmed, but the host went down before its files were written: this boot has the network of before",
                      done.stderr)
        self.expect_nothing_written()


lab.enter()
own_etc()
lab.run_tests()
