# SPDX-License-Identifier: Apache-2.0
"""vm-run ps, top and explain beside real VMs: what they say is what /proc says."""
import os
import pathlib
import pty
import select
import signal
import subprocess
import time
import unittest

from host import VM_RUN, VmRunTest, processes, run

IDLE = ("--image", "/run/base.img", "--memory", "32M", "--net", "none", "--wait", "none")


class Views(VmRunTest):
    def setUp(self):
        pathlib.Path("/run/base.img").write_bytes(bytes(1 << 20))
        super().setUp()

    def launch(self, name, *words):
        self.expect(0, "launch", name, *IDLE, *words)
        self.addCleanup(run, "rm", name, "--force")

    def test_a_host_without_vms(self):
        self.assertIn("no VM runs on this host", self.expect(0, "ps", "--interval", "0").stderr)
        self.assertEqual(self.expect_json(0, "ps", "--interval", "0")["vms"], [])
        done = self.expect(3, "explain", "web", "--interval", "0")
        self.assertIn("cannot explain VM 'web': no process on this host runs it", done.stderr)
        self.assertIn("vm-run list", done.stderr)

    def test_a_vm_is_its_process_and_each_vcpu_a_thread(self):
        self.launch("web", "--vcpus", "2")
        self.launch("db")
        vms = {vm["name"]: vm for vm in self.expect_json(0, "ps", "--interval", "200ms")["vms"]}
        self.assertEqual(sorted(vm["pid"] for vm in vms.values()), processes("qemu-system-x86"))
        self.assertEqual([thread["name"] for thread in vms["web"]["threads"]], ["CPU 0/TCG", "CPU 1/TCG"])
        self.assertRegex(self.expect(0, "ps", "--interval", "0").stdout, r"(?m)^web +\d+  tcg +2 +32 MiB ")
        record = self.expect_json(0, "explain", "web", "--interval", "200ms")
        self.assertEqual((record["vm"]["name"], record["vm"]["pid"]), ("web", vms["web"]["pid"]))
        for shared in record["shared_cpus"]:
            for own in shared["own"]:
                allowed = os.sched_getaffinity(own["tid"])
                self.assertIn(shared["cpu"], allowed)
            self.assertTrue(all(other["vm"] == "db" for other in shared["others"]))
        text = self.expect(0, "explain", str(vms["web"]["pid"])).stdout
        self.assertIn("TCG, QEMU's emulator, runs the guest's instructions", text)
        self.assertRegex(text, r"(?m)^the host\n  CPU +\d+\.\d\d vCPUs per CPU$")
        self.assertIn("did you mean 'web'?", self.expect(3, "explain", "wbe", "--interval", "0").stderr)

    def test_top_redraws_until_it_is_told_to_stop(self):
        self.assertIn("needs a terminal", self.expect(2, "top").stderr)
        self.assertIn("an interval above zero", self.expect(2, "top", "--interval", "0").stderr)
        self.launch("web")
        reader, writer = pty.openpty()
        process = subprocess.Popen([VM_RUN, "top", "--interval", "100ms"], stdout=writer, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
        self.addCleanup(self.end, process)
        end = time.monotonic() + 20
        os.close(writer)
        shown = b""
        while shown.count(b"VM 'web', process") < 3:
            self.assertTrue(time.monotonic() < end and select.select([reader], [], [], 5)[0], shown)
            shown += os.read(reader, 65536)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=10), 0)
        os.close(reader)


class Gate(VmRunTest):
    def setUp(self):
        pathlib.Path("/run/base.img").write_bytes(bytes(1 << 20))
        super().setUp()
        self.addCleanup(run, "rm", "web", "--force")

    def test_a_launch_beyond_the_limits_is_refused_unless_it_is_meant(self):
        self.expect(0, "launch", "web", *IDLE)
        many = str(min(16 * os.cpu_count() + 1, 240))
        for words, cause in ((("--memory", "9000G"), r"[GT]iB promised to VMs, with QEMU itself, of .* that this host can give"),
                             (("--vcpus", many), rf"{int(many) + 1} vCPUs on {os.cpu_count()} CPUs?, .* is the limit")):
            with self.subTest(words):
                plain = [word for word in IDLE if word not in ("--memory", "32M") or words[0] != "--memory"]
                done = self.expect(10, "launch", "two", *plain, *words)
                self.assertRegex(done.stderr, "refused to launch: .*" + cause)
                self.assertIn("promised to 'web': 1 vCPU, 32 MiB", done.stderr)
                self.assertIn("--overcommit", done.stderr)
                record = self.expect_json(1, "launch", "two", *plain, *words, "--overcommit", "--dry-run")
                self.assertIn("refuse", (record["host_after"]["cpu"], record["host_after"]["memory"]))

    def test_what_the_host_has_promised_is_told(self):
        record = self.expect_json(0, "launch", "web", *IDLE, "--vcpus", "2")
        self.assertEqual((record["host_after"]["vcpus"], record["host_after"]["cpus"]), (2, os.cpu_count()))
        self.assertEqual(record["host_after"]["memory_promised"], (32 + 16 + 64) * (1 << 20) + (32 << 20) // 512)


if __name__ == "__main__":
    unittest.main(verbosity=2)
