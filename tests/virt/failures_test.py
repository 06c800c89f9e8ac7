# SPDX-License-Identifier: Apache-2.0
"""What a user can run into with vm-run: the message, the exit code, and nothing left behind."""
import json
import os
import pathlib
import signal
import subprocess
import unittest

from host import BOOT_SECONDS, GUEST, VmRunTest, cmdline, make_image, processes, restart_libvirtd, virsh, wait_for

TINY = """<domain type='qemu'><name>theirs</name><memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><controller type='usb' model='none'/></devices></domain>"""


class Refusals(VmRunTest):
    def test_a_name_that_somebody_else_has(self):
        pathlib.Path("/run/theirs.xml").write_text(TINY)
        virsh("define", "/run/theirs.xml")
        self.addCleanup(virsh, "undefine", "theirs")
        done = self.expect(3, "launch", "theirs", *GUEST)
        self.assertIn("cannot launch VM 'theirs': the name is taken by a VM that vm-run did not make (shut off)", done.stderr)
        done = self.expect(10, "rm", "theirs", "--force")
        self.assertIn("refused to remove VM 'theirs': vm-run did not make it", done.stderr)
        self.assertIn("theirs", virsh("list", "--all", "--name"))

    def test_files_that_are_missing_or_no_images(self):
        make_image("/run/whole.qcow2", "64M")
        whole = pathlib.Path("/run/whole.qcow2").read_bytes()
        pathlib.Path("/run/cut.qcow2").write_bytes(whole[:70000])
        pathlib.Path("/run/page.qcow2").write_text("<!DOCTYPE html>" * 100)
        pathlib.Path("/run/disk.vmdk").write_bytes(b"KDMV" + bytes(1020))
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "/run/whole.qcow2",
                        "/run/chained.qcow2"], check=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=/run/data.raw", "/run/outside.qcow2",
                        "1M"], check=True)
        for code, path, message in (
                (3, "/run/none.qcow2", "cannot open image '/run/none.qcow2': No such file or directory"),
                (3, "/run/cut.qcow2", "cannot use image '/run/cut.qcow2': it is cut short"),
                (3, "/run/page.qcow2", "cannot use image '/run/page.qcow2': it holds no qcow2 header"),
                (3, "/run/disk.vmdk", "cannot use image '/run/disk.vmdk': it is VMDK, not qcow2 or raw"),
                (3, "/run", "cannot use image '/run': it is not a plain file"),
                (10, "/run/chained.qcow2", "refused image '/run/chained.qcow2': it has a backing file of its own"),
                (10, "/run/outside.qcow2", "refused image '/run/outside.qcow2': its data lie in another file")):
            with self.subTest(path):
                self.assertIn(message, self.expect(code, "launch", "bad", "--image", path).stderr)
        done = self.expect(3, "launch", "bad", "--kernel", "/run/none")
        self.assertIn("cannot open kernel '/run/none': No such file or directory", done.stderr)

    def test_a_bridge_that_is_missing_or_none(self):
        done = self.expect(3, "launch", "bad", *GUEST, "--net", "bridge=br7")
        self.assertIn("cannot use bridge 'br7': there is none\n  hint: make it: net-setup bridge add br7", done.stderr)
        done = self.expect(3, "launch", "bad", *GUEST, "--net", "bridge=lo")
        self.assertIn("cannot use bridge 'lo': it is no bridge", done.stderr)
        done = self.expect(2, "launch", "bad", *GUEST, "--net", "bridge=a-name-over-fifteen")
        self.assertIn("a-name-over-fifteen", done.stderr)

    def test_kvm_where_there_is_none(self):
        done = self.expect(10, "launch", "bad", *GUEST, "--accel", "kvm")
        self.assertIn("refused to launch with KVM: ", done.stderr)
        self.assertIn("--accel tcg", done.stderr)

    def test_a_directory_that_keeps_qemu_out_is_named(self):
        hidden = pathlib.Path("/run/hidden")
        hidden.mkdir(mode=0o700, exist_ok=True)
        make_image(hidden / "disk.qcow2")
        done = self.expect(3, "launch", "bad", "--image", str(hidden / "disk.qcow2"))
        self.assertIn("QEMU runs as user libvirt-qemu and cannot pass directory '/run/hidden': Permission denied", done.stderr)
        self.assertIn("chmod o+x /run/hidden", done.stderr)

    def test_nobody_is_told_to_open_a_home(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "kvmkit-test", "/root"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/root"], check=True)
        make_image("/root/disk.qcow2")
        done = self.expect(3, "launch", "bad", "--image", "/root/disk.qcow2")
        self.assertIn("cannot pass directory '/root': Permission denied", done.stderr)
        self.assertIn("vm-run image add NAME /root/disk.qcow2", done.stderr)
        self.assertNotIn("chmod", done.stderr)

    def test_who_has_a_disk_that_is_locked(self):
        make_image("/run/shared.qcow2")
        disk = ("--add-disk", "/run/shared.qcow2", "--net", "none", "--wait", "none")
        first = self.expect_json(0, "launch", "one", *GUEST, *disk)
        done = self.expect(3, "launch", "two", *GUEST, *disk)
        self.assertIn('Failed to get "write" lock', done.stderr)
        self.assertIn(f"hint: VM 'one' (process {first['qemu_pid']}) uses it: stop that first: vm-run stop one", done.stderr)
        self.expect(0, "rm", "one", "--force")

    def test_an_image_that_only_root_can_read_still_starts(self):
        make_image("/run/private.qcow2")
        os.chmod("/run/private.qcow2", 0o600)
        self.expect(0, "launch", "disk", "--image", "/run/private.qcow2", "--wait", "none")
        self.expect(0, "rm", "disk", "--force")

    def test_wrong_words(self):
        for words, message in ((("launch", "-x"), "unknown option '-x'"),
                               (("launch", "a/b", *GUEST), "'a/b' is not a valid VM name"),
                               (("launch", "bad"), "nothing to boot"),
                               (("launch", "bad", "--initrd", "/run/guest/initrd"), "need --kernel"),
                               (("launch", "bad", *GUEST, "--net", "lan"), "'lan' is no network\n  hint: if it is one of libvirt's: --net network=lan;"),
                               (("launch", "bad", *GUEST, "--net", "default"), "if it is one of libvirt's: --net network=default;"),
                               (("launch", "bad", *GUEST, "--net", "bridge"), "'bridge' needs a name\n  hint: write it like --net bridge=NAME"),
                               (("launch", "bad", *GUEST, "--net", "lan=x"), "'lan=x' is no network\n  hint: use --net auto, none"),
                               (("launch", "bad", *GUEST, "--net", "user,ip=192.0.2.5/24,ip=192.0.2.6/24"), "a second ip= for one network card"),
                               (("launch", "bad", *GUEST, "--net", "user,ip=192.0.2.5/24,gw=192.0.2.1,gw=192.0.2.2"), "a second gw= for"),
                               (("launch", "bad", *GUEST, "--vcpus", "0"), "'0' is no number of vCPUs"),
                               (("launch", "bad", *GUEST, "--vcpus", "-1"), "'-1' is no number of vCPUs"),
                               (("launch", "bad", *GUEST, "--vcpus", "2x"), "'2x' is no number of vCPUs"),
                               (("launch", "bad", *GUEST, "--vcpus", "4294967297"), "'4294967297' is no number of vCPUs"),
                               (("launch", "bad", "--kernel", ""), "cannot open kernel '': the name is empty"),
                               (("launch", "bad", *GUEST[:2], "--initrd", ""), "cannot open initrd '': the name is empty"),
                               (("launch", "bad", "--image", ""), "cannot open image '': the name is empty"),
                               (("launch", "bad", *GUEST[:4], "--memory", "1K"), "'1K' is no size for a VM"),
                               (("launch", "bad", *GUEST, "--cmdline", "a\nb"), "holds a control character"),
                               (("launch", "bad", *GUEST, "--console", "--json"), "--json prints one record"),
                               (("lauch", "bad"), "did you mean 'launch'?"), (("ls",), "did you mean 'list'?"),
                               (("delete", "bad"), "did you mean 'rm'?"), (("shell", "bad"), "did you mean 'ssh'?")):
            with self.subTest(words):
                self.assertIn(message, self.expect(2, *words).stderr)
        self.assertIn("cannot find VM 'none'", self.expect(3, "stop", "none").stderr)
        error = json.loads(self.expect(3, "rm", "none", "--json").stdout)
        self.assertEqual((error["schema"], error["error"]["code"]), ("kvmkit.error/1", "not-found"))


class Guests(VmRunTest):
    def test_one_that_panics_while_it_is_waited_for(self):
        no_root = ("--kernel", "/run/guest/vmlinuz", "--memory", "192M", *cmdline("kvmkit.name=sick"), "--net", "none",
                   "--timeout", str(BOOT_SECONDS))
        done = self.expect(21, "launch", "sick", *no_root, "--rm")
        self.assertIn("VM 'sick' ended: its kernel panicked", done.stdout)
        self.assertIn("Kernel panic - not syncing", done.stdout)
        self.wait_until_unchanged("the ephemeral one is gone")
        record = self.expect_json(21, "launch", "sick", *no_root)
        self.assertEqual((record["outcome"], record["end_reason"]), ("ended", "its kernel panicked"))
        self.assertTrue(any("Kernel panic" in line for line in record["last_console_lines"]))
        self.expect(0, "rm", "sick", "--force")

    def test_one_that_powers_off_while_it_is_waited_for(self):
        done = self.expect(21, "launch", "brief", *GUEST, "--cmdline", "console=ttyS0 quiet kvmkit.name=brief "
                           "rdinit=/bin/busybox -- poweroff -f", "--rm", "--net", "none")
        self.assertIn("VM 'brief' ended: the guest powered off", done.stdout)

    def test_one_that_panics_later_is_told_too(self):
        done = self.expect(21, "launch", "sick", *GUEST, *cmdline("kvmkit.name=sick kvmkit.mode=panic"), "--rm", "--net",
                           "none", "--timeout", str(BOOT_SECONDS))
        self.assertIn("VM 'sick' has booted", done.stdout)
        self.assertRegex(done.stderr, "VM 'sick' ended: (its kernel panicked|the guest crashed)")

    def test_one_that_is_not_ready_in_time(self):
        slow = (*GUEST, *cmdline("kvmkit.name=slow kvmkit.mode=slow"), "--net", "none", "--timeout", "2")
        record = self.expect_json(20, "launch", "slow", *slow)
        self.assertEqual((record["outcome"], record["qemu_pid"]), ("not-ready", processes("qemu-system-x86")[0]))
        self.assertEqual(virsh("domstate", "slow").strip(), "running")
        self.expect(0, "rm", "slow", "--force")
        self.assertIn("was not ready in time, and is removed", self.expect(20, "launch", "slow", *slow, "--rm").stdout)

    def test_one_that_does_not_answer_the_power_button(self):
        self.expect(0, "launch", "deaf", *GUEST, "--wait", "none", "--net", "none")
        done = self.expect(3, "stop", "deaf", "--timeout", "0")
        self.assertIn("cannot stop VM 'deaf': it did not power off within 0 s", done.stderr)
        self.assertIn("vm-run stop deaf --force", done.stderr)
        self.expect(0, "rm", "deaf", "--force")


class Signals(VmRunTest):
    def test_ctrl_c_while_it_waits_takes_the_vm_back(self):
        for extra in ((), ("--rm",)):
            process = self.start("launch", "web", *GUEST, *cmdline("kvmkit.name=web kvmkit.mode=slow"), *extra)
            wait_for("the VM runs", lambda: "resume VM" in process.stderr.readline())
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
            self.assertEqual(process.returncode, 130, out + err)
            self.assertIn("interrupted; the VM is removed", err)
            self.assert_unchanged(f"after Ctrl-C {extra}")

    def test_a_killed_ephemeral_launch_leaves_nothing(self):
        make_image("/run/base.qcow2")
        process = self.start("launch", "try", *GUEST, *cmdline("kvmkit.name=try kvmkit.mode=slow"), "--rm", "--image",
                             "/run/base.qcow2")
        wait_for("the VM runs", lambda: "resume VM" in process.stderr.readline())
        process.kill()
        process.wait(timeout=10)
        self.wait_until_unchanged("the guardian has tidied up")

    def test_a_killed_ephemeral_launch_leaves_nothing_even_if_its_guardian_was_asked_to_stop(self):
        process = self.start("launch", "try", *GUEST, *cmdline("kvmkit.name=try kvmkit.mode=slow"), "--rm")
        wait_for("the VM runs", lambda: "resume VM" in process.stderr.readline())
        for guardian in processes("vm-run"):
            if guardian != process.pid:
                os.kill(guardian, signal.SIGTERM)
        process.kill()
        process.wait(timeout=10)
        self.wait_until_unchanged("the guardian has tidied up")

    def test_qemu_killed_under_one_in_the_foreground_leaves_nothing(self):
        make_image("/run/base.qcow2")
        process = self.start("launch", "try", *GUEST, "--rm", "--wait", "none", "--image", "/run/base.qcow2", "--add-disk", "1M")
        self.assertIn("is started", process.stdout.readline())
        os.kill(processes("qemu-system-x86")[0], signal.SIGKILL)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 21)
        self.assertIn("VM 'try' ended: QEMU failed", err)
        self.assert_unchanged("QEMU is gone")

    def test_libvirtd_killed_under_one_in_the_foreground_leaves_nothing(self):
        make_image("/run/base.qcow2")
        for killed_too in (False, True):
            with self.subTest(killed_too):
                process = self.start("launch", "try", *GUEST, "--rm", "--wait", "none", "--image", "/run/base.qcow2")
                self.assertIn("is started", process.stdout.readline())
                restart_libvirtd()
                process.send_signal(signal.SIGKILL if killed_too else signal.SIGINT)
                process.communicate(timeout=60)
                self.wait_until_unchanged("libvirtd no longer ends the VM by itself", 60)

    def test_a_vm_that_runs_survives_the_death_of_its_launcher(self):
        process = self.start("launch", "web", *GUEST, *cmdline("kvmkit.name=web kvmkit.mode=slow"))
        wait_for("the VM runs", lambda: "resume VM" in process.stderr.readline())
        wait_for("the launch is closed", lambda: virsh("domstate", "web").strip() == "running")
        wait_for("the journal is closed", lambda: not self.journals())
        process.kill()
        process.wait(timeout=10)
        self.expect(0, "gc")
        self.assertEqual(virsh("domstate", "web").strip(), "running")
        self.expect(0, "rm", "web", "--force")

    @staticmethod
    def journals():
        from host import open_journals
        return open_journals()


if __name__ == "__main__":
    unittest.main(verbosity=2)
