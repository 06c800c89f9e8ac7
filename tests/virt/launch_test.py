# SPDX-License-Identifier: Apache-2.0
"""vm-run on a real libvirtd with QEMU's emulator: VMs boot, are seen, stop, and are gone."""
import hashlib
import pathlib
import subprocess
import unittest
from xml.etree import ElementTree

from host import BOOT_SECONDS, GUEST, VmRunTest, cmdline, make_image, processes, virsh


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class KeptVm(VmRunTest):
    def test_reaches_its_ready_line_is_listed_stops_and_is_removed(self):
        record = self.expect_json(0, "launch", "web", *GUEST, *cmdline("kvmkit.name=web"), "--net", "user",
                                  "--timeout", str(BOOT_SECONDS))
        self.assertEqual(record["outcome"], "ready")
        self.assertRegex(record["ready_line"], r"NAME=web IP=10\.0\.2\.15 ")
        self.assertEqual([record["qemu_pid"]], processes("qemu-system-x86"))
        thread = record["vcpu_threads"][0]
        self.assertEqual(pathlib.Path(f"/proc/{record['qemu_pid']}/task/{thread['tid']}/comm").read_text(), "CPU 0/TCG\n")
        vms = self.expect_json(0, "list")["vms"]
        self.assertEqual([(vm["name"], vm["state"], vm["accel"], vm["made_by_vm_run"]) for vm in vms],
                         [("web", "running", "tcg", True)])
        self.assertIn(record["uuid"], self.expect(0, "xml", "web").stdout)
        refused = self.expect(10, "rm", "web")
        self.assertIn("refused to remove VM 'web': it runs", refused.stderr)
        self.assertEqual(self.expect_json(0, "stop", "web")["outcome"], "powered-off")
        self.assertEqual(self.expect_json(0, "stop", "web")["outcome"], "was-off")
        self.expect_json(0, "rm", "web")

    def test_boots_without_a_network_and_tells_where_it_runs(self):
        done = self.expect(0, "launch", "web", *GUEST, *cmdline("kvmkit.name=web"), "--net", "none", "--vcpus", "2",
                           "--timeout", str(BOOT_SECONDS))
        self.assertRegex(done.stdout, r"(?s)VM 'web' has booted\n  runs on tcg, 2 vCPUs, 192 MiB, network none, qemu:///"
                                      r"system\n  boot .* ready line seen\n  QEMU    process \d+\n  vCPU 0  thread \d+ on "
                                      r"CPU \d+\n  vCPU 1  thread \d+ on CPU \d+\n")
        self.assertIn("warning: guests run on TCG", done.stderr)
        self.expect(0, "rm", "web", "--force")

    def test_the_first_output_counts_as_booted_where_no_ready_line_is_promised(self):
        record = self.expect_json(0, "launch", "web", *GUEST, "--net", "none", "--timeout", str(BOOT_SECONDS))
        self.assertEqual((record["outcome"], record["ready_line"]), ("ready", None))
        self.expect(0, "rm", "web", "--force")

    def test_without_waiting_it_returns_at_once(self):
        record = self.expect_json(0, "launch", "web", *GUEST, "--wait", "none")
        self.assertEqual((record["outcome"], record["boot_seconds"]), ("started", None))
        self.assertEqual(self.expect_json(0, "stop", "web", "--force", "--timeout", "0")["outcome"], "forced")
        self.expect(0, "rm", "web")

    def test_joins_a_bridge(self):
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "br0"], check=True)
        self.expect(0, "launch", "web", *GUEST, "--net", "bridge=br0", "--wait", "none")
        ports = [path.name for path in pathlib.Path("/sys/class/net/br0/brif").glob("*")]
        self.assertEqual(len(ports), 1, ports)
        self.expect(0, "rm", "web", "--force")
        self.assertEqual(list(pathlib.Path("/sys/class/net/br0/brif").glob("*")), [])


class Image(VmRunTest):
    def setUp(self):
        super().setUp()
        self.images = pathlib.Path("/run/images")
        self.images.mkdir(exist_ok=True)

    def test_the_base_keeps_its_bytes_owner_and_mode_and_the_overlay_names_its_format(self):
        for kind in ("qcow2", "raw"):
            base = self.images / f"base.{kind}"
            make_image(base, "64M", kind)
            before = digest(base), base.stat().st_uid, base.stat().st_mode
            record = self.expect_json(0, "launch", "disk", *GUEST, *cmdline("kvmkit.name=disk"), "--net", "none",
                                      "--image", str(base), "--wait", "none")
            self.assertEqual((record["image"]["format"], record["image"]["size"]), (kind, 64 << 20))
            overlay = record["image"]["overlay"]
            info = subprocess.run(["qemu-img", "info", "-U", overlay], capture_output=True, text=True, check=True).stdout
            self.assertIn(f"backing file: {base}", info)
            self.assertIn(f"backing file format: {kind}", info)
            self.assertEqual((digest(base), base.stat().st_uid, base.stat().st_mode), before, "while it runs")
            self.expect(0, "rm", "disk", "--force")
            self.assertEqual((digest(base), base.stat().st_uid, base.stat().st_mode), before, "after")
            self.assertFalse(pathlib.Path(overlay).parent.exists())


class EphemeralVm(VmRunTest):
    def test_shows_its_console_from_the_start_and_leaves_nothing(self):
        make_image("/run/seen.qcow2", "64M")
        done = self.expect(0, "launch", "try", *GUEST, "--cmdline", "console=ttyS0 no_timer_check kvmkit.name=try "
                           "kvmkit.mode=poweroff", "--rm", "--console", "--net", "none", "--image", "/run/seen.qcow2")
        self.assertIn(f"KVMKIT-GUEST disk vda {64 << 20}", done.stdout)
        self.assertRegex(done.stdout, r"Linux version 6\.")
        self.assertRegex(done.stdout, r"KVMKIT-GUEST ready NAME=try IP=none")
        self.assertIn("VM 'try' has booted", done.stderr)

    def test_is_gone_when_somebody_else_ends_it(self):
        process = self.start("launch", "try", *GUEST, "--rm", "--net", "none", "--wait", "none")
        self.assertIn("is started", process.stdout.readline())
        self.expect(0, "stop", "try", "--force", "--timeout", "0")
        self.assertEqual(process.wait(timeout=20), 0)

    def test_another_launch_of_the_name_is_kept_out(self):
        process = self.start("launch", "try", *GUEST, "--rm", "--net", "none", "--wait", "none")
        self.assertIn("is started", process.stdout.readline())
        taken = self.expect(3, "launch", "try", *GUEST)
        self.assertIn("the name is taken by a VM that vm-run made (running)", taken.stderr)
        locked = self.expect(11, "rm", "try", "--force")
        self.assertRegex(locked.stderr, rf"another instance is at work: pid {process.pid} \('vm-run launch try")
        process.terminate()
        self.assertEqual(process.wait(timeout=20), 130)


class WithoutChange(VmRunTest):
    def test_a_dry_run_shows_the_steps(self):
        make_image("/run/plan.qcow2")
        record = self.expect_json(1, "launch", "web", "--image", "/run/plan.qcow2", "--dry-run")
        self.assertEqual(record["outcome"], "planned")
        self.assertEqual([step["step"].split(" ")[0] for step in record["steps"]],
                         ["create", "create", "create", "define", "start", "open", "resume"])
        shown = self.expect(1, "launch", "web", "--image", "/run/plan.qcow2", "--dry-run").stdout
        self.assertIn("would define VM 'web'", shown)

    def test_the_shown_commands_make_the_same_vm(self):
        make_image("/run/plan.qcow2")
        words = ("launch", "web", "--image", "/run/plan.qcow2", "--disk", "32M", "--add-disk", "1M", "--no-seed", "--net", "none")
        pathlib.Path("/run/web.xml").write_text(self.expect(0, *words, "--print-xml").stdout)
        steps = self.expect_json(1, *words, "--dry-run")["steps"]
        lines = [line for step in steps for line in step["by_hand"]]
        self.assertTrue(all(step["by_hand"] for step in steps), steps)
        shown = self.expect(1, *words, "--dry-run").stdout
        self.assertTrue(all(f"\n    {line}\n" in shown for line in lines), shown)
        typed = subprocess.run(["sh", "-eux"], input="\n".join(lines), cwd="/run", capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(typed.returncode, 0, typed.stderr)
        self.assertEqual(virsh("domstate", "web").strip(), "running")
        self.assertEqual(virsh("domblkinfo", "web", "vda").split()[1], str(32 << 20))
        self.expect(0, "rm", "web", "--force")

    def test_the_printed_description_is_one_that_libvirt_takes(self):
        text = self.expect(0, "launch", "web", *GUEST, "--cmdline", "a=\"<&>\" b='c'", "--print-xml").stdout
        pathlib.Path("/run/web.xml").write_text(text)
        virsh("define", "/run/web.xml", "--validate")
        back = ElementTree.fromstring(virsh("dumpxml", "web"))
        self.assertEqual(back.findtext("os/cmdline"), "a=\"<&>\" b='c'")
        self.assertIsNotNone(back.find("metadata/{urn:kvmkit:vm-run:1}vm"))
        self.expect(0, "rm", "web")


if __name__ == "__main__":
    unittest.main(verbosity=2)
