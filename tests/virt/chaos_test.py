# SPDX-License-Identifier: Apache-2.0
"""vm-run ended at moments that nobody chose, while it makes files and definitions of several VMs at once: what is not whole
is undone, at once or by gc. An armed fault would make the steps go one by one. KVMKIT_CHAOS_SEED repeats a run."""
import os
import pathlib
import random
import signal
import subprocess
import time
import unittest

from host import VM_RUN, IdleVmTest, run, virsh

ROUNDS = 12
VMS = ("--image", "/run/base.img", "--memory", "32M", "--net", "bridge=br0", "--add-disk", "8M", "--add-disk", "4M,format=raw",
       "--user", "me", "--ssh-key", "none", "--wait", "none", "--accel", "tcg")


class Chaos(IdleVmTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)

    def launch_and_end(self, end, delay):
        process = subprocess.Popen([VM_RUN, "launch", "web{1..3}", *VMS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            said = process.communicate(timeout=delay)[0]
        except subprocess.TimeoutExpired:
            process.send_signal(end)
            said = process.communicate(timeout=60)[0]
        if end == signal.SIGINT:
            self.assertIn(process.returncode, (0, 130, -signal.SIGINT), said)  # the last: before it listens to signals

    def check_whole(self, when):
        """Those that were ready are kept: with all of their files, and removed like any other."""
        names = virsh("list", "--all", "--name").split()
        folders = sorted(path.name for path in pathlib.Path("/var/lib/kvmkit/vms").glob("*"))
        self.assertEqual(folders, sorted(names), when)
        for name in names:
            self.assertEqual(virsh("domstate", name).strip(), "running", when)
            self.assertEqual(len(list(pathlib.Path("/var/lib/kvmkit/vms", name).glob("disk*"))), 3, when)
        if names:
            self.expect(0, "rm", *names, "--force")

    def test_what_is_not_whole_is_undone(self):
        seed = int(os.environ.get("KVMKIT_CHAOS_SEED", time.time()))
        print(f"KVMKIT_CHAOS_SEED={seed}")
        dice = random.Random(seed)
        begin = time.monotonic()
        self.launch_and_end(signal.SIGKILL, 90)
        whole = time.monotonic() - begin
        self.check_whole("nobody ended it")
        for number in range(ROUNDS):
            end = signal.SIGKILL if number % 2 == 0 else signal.SIGINT
            delay = dice.uniform(0.02, whole)
            when = f"round {number}: {end.name} after {delay:.3f} of {whole:.3f} s"
            self.launch_and_end(end, delay)
            done = run("gc")
            self.assertEqual(done.returncode, 0, f"{when}: {done.stderr}")
            self.check_whole(when)
            self.assert_unchanged(when)

    def test_of_two_at_once_for_one_name_one_has_it(self):
        for _ in range(3):
            both = [self.start("launch", "web", *VMS) for _ in range(2)]
            said = [process.communicate(timeout=60)[1] for process in both]
            # 11 where it finds the lock held; 3 where the other is done by then.
            self.assertIn(sorted(process.returncode for process in both), ([0, 3], [0, 11]), said)
            self.check_whole("the one that has it")


if __name__ == "__main__":
    unittest.main(verbosity=2)
