# SPDX-License-Identifier: Apache-2.0
"""vm-run start: a VM that is off runs again, with the waits of its launch; what fails leaves it off."""
import json
import pathlib
import re
import signal
import subprocess
import time
import unittest

from host import BOOT_SECONDS, GUEST, VmRunTest, cmdline, make_image, open_journals, run, virsh, wait_for

PATIENCE = ("--timeout", str(BOOT_SECONDS))
STEPS = ("start", "attach", "resume")


def power_off(name="web"):
    done = run("stop", name, "--force", "--timeout", "0")
    assert done.returncode == 0, done.stderr


class StartTest(VmRunTest):
    """Each test begins with the VM 'web' off."""

    def launch(self, *words, name="web"):
        self.addCleanup(run, "rm", name, "--force")
        self.expect(0, "launch", name, *GUEST, *words, "--wait", "none")
        power_off(name)
        self.off = virsh("dumpxml", name)

    def assert_off(self, name="web"):
        self.assertEqual(virsh("domstate", name).strip(), "shut off")
        self.assertEqual(virsh("dumpxml", name), self.off)
        self.assertEqual(open_journals(), [])


class AgainAndAgain(StartTest):
    def test_it_boots_again_with_its_wait_and_what_runs_is_told(self):
        self.launch("--cmdline", "console=ttyS0 quiet no_timer_check kvmkit.name=web", "--net", "user")
        record = self.expect_json(0, "start", "web", *PATIENCE)
        self.assertEqual((record["outcome"], record["wait"], record["accel"]), ("ready", "boot", "tcg"))
        self.assertRegex(record["ready_line"], r"NAME=web IP=10\.0\.2\.15 ")
        self.assertEqual([record["uuid"]], re.findall("<uuid>(.*)</uuid>", self.off))
        self.assertEqual(record["nics"][0]["net"], "user")
        self.assertTrue(pathlib.Path(f"/proc/{record['qemu_pid']}/task/{record['vcpu_threads'][0]['tid']}").exists())
        self.assertEqual([step["step"].split()[0] for step in record["steps"]], ["start", "open", "resume"])
        refused = self.expect(10, "start", "web")
        self.assertIn("refused to start VM 'web': it runs\n  hint: wait for it: vm-run wait web; or stop it first",
                      refused.stderr)
        virsh("suspend", "web")
        self.assertIn("it is paused\n  hint: let it go on: virsh -c qemu:///system resume web",
                      self.expect(10, "start", "web").stderr)
        power_off()
        done = self.expect(0, "start", "web", "--wait", "none")
        self.assertIn("VM 'web' is started\n  runs on tcg, 1 vCPU, 192 MiB, network user", done.stdout)
        self.assertIn("stop it: vm-run stop web", done.stdout)
        power_off()
        self.assert_off()

    def test_a_disk_keeps_what_was_on_it(self):
        make_image("/run/again.qcow2")
        self.launch("--image", "/run/again.qcow2", "--net", "none")
        disk = "/var/lib/kvmkit/vms/web/disk.qcow2"
        subprocess.run(["qemu-io", "-c", "write -P 7 0 64k", disk], check=True, stdout=subprocess.DEVNULL)
        self.expect(0, "start", "web", "--wait", "none")
        power_off()
        read = subprocess.run(["qemu-io", "-r", "-c", "read -P 7 0 64k", disk], check=True, capture_output=True, text=True)
        self.assertNotIn("verification failed", read.stdout)

    def test_a_guest_that_is_not_ready_runs_on_or_is_off_again(self):
        self.launch(*cmdline("kvmkit.name=web kvmkit.mode=slow"), "--net", "none")
        done = self.expect(20, "start", "web", "--timeout", "1")
        self.assertIn("VM 'web' was not ready in time; it runs on", done.stdout)
        power_off()
        done = self.expect(20, "start", "web", "--timeout", "1", "--on-fail", "rollback")
        self.assertIn("VM 'web' was not ready in time, and is off again", done.stdout)
        self.assert_off()

    def test_a_guest_that_dies_is_told(self):
        self.launch(*cmdline("kvmkit.mode=panic"), "--net", "none")
        record = self.expect_json(21, "start", "web", "--wait", "agent", *PATIENCE)
        self.assertEqual((record["outcome"], record["end_reason"]), ("ended", "its kernel panicked"))
        self.assert_off()

    def test_several_at_once(self):
        for name in ("web1", "web2", "web3"):
            self.launch("--net", "none", name=name)
        virsh("start", "web2")
        record = self.expect_json(22, "start", "web{1..3}", "gone", "--wait", "none")
        self.assertEqual((record["started"], record["failed"]), (2, 2))
        self.assertEqual([(vm["name"], vm["outcome"], vm["exit"]) for vm in record["vms"]],
                         [("web1", "started", 0), ("web2", "failed", 10), ("web3", "started", 0), ("gone", "failed", 3)])
        self.assertIn("it runs", record["vms"][1]["error"])
        done = self.expect(10, "start", "web{1..3}", "--wait", "none")
        self.assertIn("web3: refused to start VM 'web3': it runs", done.stderr)
        self.assertEqual(sorted(virsh("list", "--name").split()), ["web1", "web2", "web3"])

    def test_a_dry_run_starts_nothing(self):
        self.launch("--net", "none")
        done = self.expect(1, "start", "web", "--dry-run")
        steps = [line for line in done.stdout.splitlines() if line.startswith("  would ")]
        self.assertEqual(steps, ["  would start VM 'web', paused", "  would open console of VM 'web'", "  would resume VM 'web'"])
        self.assertIn(" start --paused web\n", done.stdout)
        self.assert_off()


class Refusals(StartTest):
    def test_one_that_is_not_there_is_told(self):
        self.assertIn("cannot find VM 'web' at qemu:///system\n  hint: 'vm-run list' shows all VMs",
                      self.expect(3, "start", "web").stderr)

    def test_one_of_somebody_elses_is_left_to_libvirt(self):
        pathlib.Path("/run/other.xml").write_text("<domain type='qemu'><name>other</name><memory>65536</memory>"
                                                  "<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>")
        virsh("define", "/run/other.xml")
        self.addCleanup(virsh, "undefine", "other")
        self.assertIn("refused to start VM 'other': vm-run did not make it\n  hint: start it by libvirt itself: virsh start",
                      self.expect(10, "start", "other").stderr)

    def test_what_its_launch_found_there_and_is_gone_is_told(self):
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
        self.launch("--net", "bridge=br0")
        subprocess.run(["ip", "link", "del", "br0"], check=True)
        self.assertIn("cannot use bridge 'br0': there is none\n  hint: make it: net-setup bridge add br0",
                      self.expect(3, "start", "web").stderr)
        self.assert_off()

    def test_a_wait_that_can_never_end_is_refused(self):
        self.launch("--net", "user")
        self.assertIn("nobody can call a VM with --net user", self.expect(2, "start", "web", "--wait", "ssh").stderr)
        self.assertIn("'x' is nothing to wait for", self.expect(2, "start", "web", "--wait", "x").stderr)

    def test_a_lost_disk_is_told(self):
        make_image("/run/lost.qcow2")
        self.launch("--image", "/run/lost.qcow2", "--net", "none")
        pathlib.Path("/run/lost.qcow2").unlink()
        self.assertIn("/run/lost.qcow2", self.expect(3, "start", "web").stderr)
        self.assert_off()

    def test_what_apparmor_denied_is_told(self):
        make_image("/run/denied.qcow2")
        self.launch("--image", "/run/denied.qcow2", "--net", "none")
        pathlib.Path("/run/denied.qcow2").unlink()  # QEMU fails, and this kernel has no AppArmor to make it
        uuid = re.findall("<uuid>(.*)</uuid>", self.off)[0]
        pathlib.Path("/run/kmsg").write_text(
            f'5,9,1,-;audit: type=1400 audit({int(time.time())}.2:3): apparmor="DENIED" operation="open" class="file" '
            f'profile="libvirt-{uuid}" name="/run/denied.qcow2" pid=7 comm="qemu-system-x86" requested_mask="r" '
            'denied_mask="r" fsuid=64055 ouid=0\n', encoding="utf-8")
        subprocess.run(["mount", "--bind", "/run/kmsg", "/dev/kmsg"], check=True)
        self.addCleanup(subprocess.run, ["umount", "/dev/kmsg"], check=True)
        self.assertIn("  hint: AppArmor denied QEMU 'open' of /run/denied.qcow2 (r): move it to /var/lib/libvirt/images, or",
                      self.expect(3, "start", "web").stderr)
        time.sleep(3)
        self.assertNotIn("AppArmor", self.expect(3, "start", "web").stderr, "it was denied to the start before")
        self.assert_off()


class Faults(StartTest):
    def setUp(self):
        super().setUp()
        self.launch("--net", "none")

    def start_with(self, code, fault):
        return self.expect(code, "start", "web", "--wait", "none", env={"KVMKIT_FAULT": fault})

    def test_what_fails_or_is_interrupted_anywhere_leaves_it_off(self):
        for step, name in enumerate(STEPS):
            for moment in ("before", "after"):
                with self.subTest(f"{moment} {name}"):
                    self.start_with(3, f"fail:{moment}:{step}")
                    self.assert_off()
                with self.subTest(f"Ctrl-C {moment} {name}"):
                    if (moment, name) not in (("after", "resume"), ("before", "resume")):
                        self.start_with(130, f"stop:{moment}:{step}")
                        self.assert_off()

    def test_what_is_killed_anywhere_is_off_after_gc(self):
        for step, name in enumerate(STEPS):
            for moment in ("before", "after"):
                with self.subTest(f"{moment} {name}"):
                    self.start_with(-signal.SIGKILL, f"kill:{moment}:{step}")
                    record = self.expect_json(0, "gc")
                    self.assertEqual((len(record["undone"]), record["failed"]), (1, []))
                    self.assert_off()

    def test_one_that_somebody_else_started_after_a_kill_runs_on(self):
        self.start_with(-signal.SIGKILL, "kill:before:0")
        virsh("start", "web")
        self.expect_json(0, "gc")
        self.assertEqual(virsh("domstate", "web").strip(), "running")

    def test_a_second_process_waits_for_nobody(self):
        process = self.start("start", "web", "--wait", "agent", "--on-fail", "rollback", "--json")
        wait_for("it runs", lambda: virsh("domstate", "web").strip() == "running")
        self.assertEqual(self.expect(10, "start", "web").returncode, 10)
        locked = self.expect(11, "rm", "web", "--force")
        self.assertIn(f"another instance is at work: pid {process.pid}", locked.stderr)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertIn("the VM is off again", json.loads(out)["error"]["message"])
        self.assert_off()


if __name__ == "__main__":
    unittest.main(verbosity=2)
