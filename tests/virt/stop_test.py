# SPDX-License-Identifier: Apache-2.0
"""vm-run stop and wait with several names: one wait for all, an outcome for each, one report."""
import os
import signal
import time
import unittest

from host import BOOT_SECONDS, GUEST, IDLE, IdleVmTest, cmdline, processes, start_libvirtd, virsh, wait_for

DEAF = IDLE  # such firmware never hears of the power button


class SeveralTest(IdleVmTest):
    def running(self):
        return sorted(virsh("list", "--name").split())

    def outcomes(self, record):
        return [(vm["name"], vm["outcome"], vm["exit"]) for vm in record["vms"]]


class Stop(SeveralTest):
    def test_guests_that_answer_the_button_power_off_together(self):
        self.expect(0, "launch", "web{1..2}", *GUEST, *cmdline("kvmkit.name=web"), "--net", "none", "--timeout", str(2 * BOOT_SECONDS))
        self.expect(0, "launch", "deaf", *DEAF)
        record = self.expect_json(0, "stop", "web{1..2}", "deaf", "--timeout", "20", "--force")
        self.assertEqual((record["stopped"], record["failed"]), (3, 0))
        self.assertEqual(self.outcomes(record), [("web1", "powered-off", 0), ("web2", "powered-off", 0), ("deaf", "forced", 0)])
        self.assertEqual(processes("qemu-system-x86"), [])
        done = self.expect(0, "stop", "web1", "web2", "deaf")
        self.assertEqual(done.stderr, "stopping 3 VMs\n3 of 3 VMs are off\n")
        self.assertEqual(done.stdout, "")

    def test_each_has_an_outcome_of_its_own(self):
        self.expect(0, "launch", "web{1..3}", *DEAF)
        virsh("destroy", "web2")
        done = self.expect(22, "stop", "web{1..3}", "gone", "--timeout", "1")
        self.assertIn("warning: web1: cannot stop VM 'web1': it did not power off within 1 s\n", done.stderr)
        self.assertIn("warning: gone: cannot find VM 'gone' at qemu:///system\n1 of 4 VMs are off\n", done.stderr)
        self.assertIn("hint: cut the power of guests that do not answer the button: vm-run stop web1 web3 --force", done.stderr)
        record = self.expect_json(22, "stop", "web{1..3}", "gone", "--timeout", "0")
        self.assertEqual(self.outcomes(record), [("web1", None, 3), ("web2", "was-off", 0), ("web3", None, 3), ("gone", None, 3)])
        self.assertEqual(self.expect(3, "stop", "web1", "web3", "--timeout", "0").stdout, "")
        self.assertEqual(self.running(), ["web1", "web3"])
        done = self.expect(0, "stop", "web{1..3}", "--timeout", "0", "--force")
        self.assertIn("web1: its power was cut\nweb3: its power was cut\n3 of 3 VMs are off\n", done.stderr)
        self.assertEqual(self.running(), [])

    def test_they_share_one_wait(self):
        self.expect(0, "launch", "web{1..20}", *DEAF)
        start = time.monotonic()
        record = self.expect_json(0, "stop", "web{1..20}", "--timeout", "3", "--force")
        self.assertEqual({vm["outcome"] for vm in record["vms"]}, {"forced"})
        self.assertLess(time.monotonic() - start, 30)  # twenty waits of their own: a minute

    def test_what_cannot_be_meant_is_refused(self):
        for words, message in ((("web", "web"), "VM 'web' is named twice"), (("web{1..",), "'web{1..' is no range of names"),
                               (("a", "b", "--timeout", "x"), "'x'"), ((), "needs NAME")):
            with self.subTest(words):
                self.assertIn(message, self.expect(2, "stop", *words).stderr)

    def test_ctrl_c_leaves_them_running_and_says_so(self):
        self.expect(0, "launch", "web{1..2}", *DEAF)
        process = self.start("stop", "web{1..2}")
        wait_for("it waits", lambda: "0 of 2 VMs are off" in process.stderr.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 130)
        told = process.stderr.read()
        self.assertIn("web2: interrupted; the VM may still power off", told)
        self.assertIn("0 of 2 VMs are off", told)
        self.assertEqual(self.running(), ["web1", "web2"])

    def test_a_daemon_that_dies_is_not_taken_for_their_end(self):
        self.expect(0, "launch", "web{1..2}", *DEAF)
        process = self.start("stop", "web{1..2}")
        alone = self.start("stop", "web1")
        wait_for("it waits", lambda: "0 of 2 VMs are off" in process.stderr.readline())
        self.assertEqual(alone.stderr.readline(), "stopping VM 'web1'\n")
        time.sleep(0.5)
        for pid in processes("libvirtd"):
            os.kill(pid, signal.SIGKILL)
        self.assertEqual((process.wait(timeout=40), alone.wait(timeout=40)), (3, 3))
        self.assertIn("cannot tell whether VM 'web1' is off: the connection to libvirt was lost", process.stderr.read())
        wait_for("libvirtd is gone", lambda: not processes("libvirtd"))
        start_libvirtd()
        self.assertEqual(self.running(), ["web1", "web2"])


class Wait(SeveralTest):
    def test_until_all_are_off(self):
        self.expect(0, "launch", "web{1..3}", *DEAF)
        process = self.start("wait", "web{1..3}", "--for", "off")
        virsh("destroy", "web1")
        virsh("destroy", "web3")
        self.assertIsNone(process.poll())
        virsh("destroy", "web2")
        self.assertEqual(process.wait(timeout=20), 0)
        self.assertIn("3 of 3 VMs are off", process.stderr.read())

    def test_each_has_an_outcome_of_its_own(self):
        self.expect(0, "launch", "web{1..3}", *DEAF)
        virsh("destroy", "web3")
        record = self.expect_json(22, "wait", "web{1..3}", "gone", "--for", "agent", "--timeout", "1")
        self.assertEqual((record["ready"], record["failed"]), (0, 4))
        self.assertEqual(self.outcomes(record),
                         [("web1", "not-ready", 20), ("web2", "not-ready", 20), ("web3", "failed", 3), ("gone", "failed", 3)])
        self.assertIn("no guest agent has opened its port", record["vms"][0]["evidence"][0])
        self.assertIn("VM 'web3' is off", record["vms"][2]["error"])
        done = self.expect(20, "wait", "web1", "web2", "--for", "agent", "--timeout", "1")
        self.assertIn("VM 'web2' was not ready in time (agent)", done.stderr)
        self.assertIn("0 of 2 VMs are ready: agent", done.stderr)
        self.assertIn("VM 'web1' is named twice", self.expect(2, "wait", "web1", "web1").stderr)

    def test_guests_that_boot_are_ready(self):
        self.expect(0, "launch", "web{1..2}", *GUEST, *cmdline("kvmkit.name=web kvmkit.mode=slow"), "--net", "none", "--wait", "none")
        record = self.expect_json(0, "wait", "web{1..2}", "--for", "boot", "--timeout", str(2 * BOOT_SECONDS))
        self.assertEqual(self.outcomes(record), [("web1", "ready", 0), ("web2", "ready", 0)])

    def test_ctrl_c_and_a_daemon_that_dies(self):
        self.expect(0, "launch", "web{1..2}", *DEAF)
        process = self.start("wait", "web{1..2}", "--for", "off", "--json")
        wait_for("both are watched", lambda: len(os.listdir(f"/proc/{process.pid}/task")) >= 4)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 130)
        process = self.start("wait", "web{1..2}", "--for", "off")
        wait_for("both are watched", lambda: len(os.listdir(f"/proc/{process.pid}/task")) >= 4)
        time.sleep(0.5)
        for pid in processes("libvirtd"):
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(process.wait(timeout=40), 3)
        self.assertIn("cannot wait for VM 'web1': the connection to libvirt was lost", process.stderr.read())
        wait_for("libvirtd is gone", lambda: not processes("libvirtd"))
        start_libvirtd()


if __name__ == "__main__":
    unittest.main(verbosity=2)
