# SPDX-License-Identifier: Apache-2.0
"""vm-run where no libvirt daemon answers: what needs one says so, and a foreground VM runs without."""
import pathlib
import subprocess
import unittest

from host import BOOT_SECONDS, GUEST, VmRunTest, cmdline, make_image, no_keys_of_the_caller, wait_for

EPHEMERAL = ("launch", "try", *GUEST, "--rm", "--net", "none", "--timeout", str(BOOT_SECONDS))
STEPS = ("driver", "folder", "overlay", "seed", "create", "attach", "resume")
KILLED = -9


class NoDaemon(VmRunTest):
    daemon = False

    def test_commands_say_how_to_start_it(self):
        for words in ((), ("list",), ("stop", "web"), ("rm", "web"), ("xml", "web"), ("launch", "web", *GUEST)):
            with self.subTest(words):
                done = self.expect(3, *words)
                self.assertIn("cannot connect to libvirt at 'qemu:///system'", done.stderr)
                self.assertRegex(done.stderr, r"hint: start it: (systemctl start libvirtd|virtlogd -d; libvirtd -d)")
                self.assertIn("--rm", done.stderr)

    def test_an_address_that_was_asked_for_is_never_replaced(self):
        self.expect(3, *EPHEMERAL, "--connect", "qemu:///system")

    def test_a_foreground_vm_runs_to_its_end(self):
        make_image("/run/base.qcow2")
        done = self.expect(0, *EPHEMERAL, *cmdline("kvmkit.name=try kvmkit.mode=poweroff"), "--console", "--image",
                           "/run/base.qcow2")
        self.assertIn("KVMKIT-GUEST ready NAME=try", done.stdout)
        self.assertIn("no libvirt daemon answers", done.stderr)
        self.assertNotRegex(done.stderr, "libvirt version")

    def test_a_host_without_pseudo_terminals_is_told_how_to_get_them(self):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/dev/pts"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/dev/pts"], check=True)
        done = self.expect(3, *EPHEMERAL, "--wait", "none")
        self.assertIn("Failed to create PTY", done.stderr)
        self.assertIn("hint: QEMU needs pseudo-terminals: mount -t devpts devpts /dev/pts", done.stderr)

    def test_the_owner_of_the_files_stays(self):
        kernel = pathlib.Path("/run/guest/vmlinuz")
        process = self.start(*EPHEMERAL, *cmdline("kvmkit.name=try kvmkit.mode=slow"))
        wait_for("the VM runs", lambda: "resume VM" in process.stderr.readline())
        self.assertEqual(kernel.stat().st_uid, 0)
        process.kill()
        process.wait(timeout=10)
        self.wait_until_unchanged("killed with its driver, it is removed by its guardian")
        self.assertEqual(kernel.stat().st_uid, 0)

    def test_a_fault_at_any_step_leaves_nothing(self):
        make_image("/run/base.qcow2")
        no_keys_of_the_caller()
        for step, name in enumerate(STEPS):
            with self.subTest(name):
                words = (*EPHEMERAL, "--image", "/run/base.qcow2", "--wait", "none", "--user", "ada")
                self.expect(3, *words, env={"KVMKIT_FAULT": f"fail:after:{step}"})
                self.assert_unchanged("failed")
                self.expect(KILLED, *words, env={"KVMKIT_FAULT": f"kill:after:{step}"})
                self.wait_until_unchanged("killed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
