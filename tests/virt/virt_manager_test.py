# SPDX-License-Identifier: Apache-2.0
"""VMs of vm-run in the hands of virt-manager: its own library reads, changes and starts them, and virt-viewer shows their screen."""
import json
import os
import shutil
import subprocess
import unittest

from host import GUEST, VmRunTest, cmdline, virsh, wait_for

URI = "qemu:///system"
# The interpreter of Debian's packages, where python3-libvirt is.
PYTHON = "/usr/bin/python3"
LAUNCH = ("launch", "web", *GUEST, *cmdline("kvmkit.name=web"), "--net", "user", "--wait", "none", "--vnc")
READ = f"""
import json, sys
sys.path.insert(0, "/usr/share/virt-manager")
from virtinst import VirtinstConnection
connection = VirtinstConnection({URI!r})
connection.open(None, None)
json.dump({{guest.name: {{"vcpus": guest.vcpus, "type": guest.type, "machine": guest.os.machine,
                         "screens": [screen.type for screen in guest.devices.graphics],
                         "cards": [card.model for card in guest.devices.interface],
                         "consoles": [console.type for console in guest.devices.console]}}
           for guest in connection.fetch_all_domains()}}, sys.stdout)
"""


def virt_xml(*words):
    done = subprocess.run(["virt-xml", "--connect", URI, *words], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"virt-xml {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


class Library(VmRunTest):
    def test_reads_changes_and_starts_a_vm(self):
        self.expect(0, *LAUNCH)
        self.addCleanup(self.expect, 0, "rm", "web", "--force")
        read = subprocess.run([PYTHON, "-c", READ], capture_output=True, text=True, timeout=60, check=True).stdout
        vm = json.loads(read)["web"]
        self.assertRegex(vm.pop("machine"), "q35")
        self.assertEqual(vm, {"vcpus": 1, "type": "qemu", "screens": ["vnc"], "cards": ["virtio"], "consoles": ["pty"]})
        self.expect(0, "stop", "web", "--force", "--timeout", "0")
        self.assertIn("defined successfully", virt_xml("web", "--edit", "--vcpus", "2"))
        self.assertIn("started successfully", virt_xml("web", "--edit", "--memory", "200", "--start"))
        self.assertIn("running", virsh("domstate", "web"))
        record = self.expect_json(0, "list")
        self.assertEqual([(vm["name"], vm["state"]) for vm in record["vms"]], [("web", "running")])
        self.assertRegex(virsh("dumpxml", "web"), "<vcpu [^>]*>2</vcpu>")


class Viewer(VmRunTest):
    def test_shows_the_screen(self):
        if not shutil.which("virt-viewer") or not shutil.which("Xvfb"):
            if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1":
                self.fail("virt-viewer or Xvfb is not installed")
            self.skipTest("virt-viewer or Xvfb is not installed")
        self.expect(0, *LAUNCH)
        self.addCleanup(self.expect, 0, "rm", "web", "--force")
        screen = subprocess.Popen(["Xvfb", ":77", "-screen", "0", "800x600x24", "-nolisten", "tcp"], stderr=subprocess.DEVNULL)
        self.addCleanup(screen.wait)
        self.addCleanup(screen.terminate)
        wait_for("the X server", lambda: os.path.exists("/tmp/.X11-unix/X77"))
        viewer = subprocess.Popen(["virt-viewer", "--attach", "--connect", URI, "web"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env={**os.environ, "DISPLAY": ":77", "HOME": "/run"})
        self.addCleanup(viewer.wait)
        self.addCleanup(viewer.terminate)
        wait_for("a viewer of the screen", lambda: "Client:" in virsh("qemu-monitor-command", "--hmp", "web", "info vnc"), 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
