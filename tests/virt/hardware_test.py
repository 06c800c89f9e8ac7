# SPDX-License-Identifier: Apache-2.0
"""Hardware that a VM is given, as far as this machine has it: the rest is told before anything is made."""
import os
import pathlib
import shutil
import socket
import struct
import unittest
from xml.etree import ElementTree

from host import GUEST, VmRunTest, cmdline, virsh

LAUNCH = ("launch", "web", *GUEST, *cmdline("kvmkit.name=web"), "--net", "none", "--wait", "none")


def capabilities():
    return virsh("domcapabilities", "--machine", "q35", "--virttype", "qemu")


class Absent(VmRunTest):
    def test_what_is_not_installed_is_told_with_what_installs_it(self):
        offered = ElementTree.fromstring(capabilities())
        firmware = [value.text for value in offered.findall("os/enum[@name='firmware']/value")]
        backends = [value.text for value in offered.findall("devices/tpm/enum[@name='backendModel']/value")]
        for option, absent, message in (("--uefi", "efi" not in firmware, "apt-get install ovmf"),
                                        ("--uefi=secure", "efi" not in firmware, "apt-get install ovmf"),
                                        ("--tpm", "emulator" not in backends, "apt-get install swtpm")):
            with self.subTest(option):
                if not absent:
                    self.skipTest(f"{option}: it is installed here")
                self.assertIn(message, self.expect(3, *LAUNCH, option).stderr)

    def test_what_this_host_has_not_is_told(self):
        for words, code, message in ((("--hostdev", "ffff:ff:1f.7"), 3, "this host has none there"),
                                     (("--hostdev", "nix"), 2, "'nix' is no PCI address"),
                                     (("--pin", "4000"), 3, "cannot pin to CPUs 4000: this host has "),
                                     (("--pin", "x"), 2, "'x' is no list of CPUs"),
                                     (("--numa", "77"), 3, "this host has none of that number"),
                                     (("--hugepages", "16M"), 3, "this host has set none aside"),
                                     (("--cpu", "NoSuchModel"), 3, "CPU model 'NoSuchModel': it does not run here"),
                                     (("--cpu", "a b"), 2, "'a b' is no CPU model"),
                                     (("--uefi=odd",), 2, "'odd' is no kind of UEFI"),
                                     (("--cdrom", "/run/none.iso"), 3, "cannot open CD image '/run/none.iso'"),
                                     (("--share", "/run"), 2, "'/run' is no share"),
                                     (("--share", "/run/none:data"), 3, "cannot share directory '/run/none'")):
            with self.subTest(words):
                self.assertIn(message, self.expect(code, *LAUNCH, *words).stderr)


class Present(VmRunTest):
    def description(self):
        return ElementTree.fromstring(virsh("dumpxml", "web"))

    def test_vcpus_stay_where_they_are_pinned(self):
        record = self.expect_json(0, *LAUNCH, "--vcpus", "2", "--pin", "0")
        for thread in record["vcpu_threads"]:
            allowed = pathlib.Path(f"/proc/{record['qemu_pid']}/task/{thread['tid']}/status").read_text()
            self.assertIn("Cpus_allowed_list:\t0\n", allowed)
        self.expect(0, "rm", "web", "--force")

    def test_a_cd_is_in_its_drive(self):
        pathlib.Path("/run/cd.iso").write_bytes(bytes(1 << 20))
        os.chmod("/run/cd.iso", 0o644)
        self.expect(0, *LAUNCH, "--cdrom", "/run/cd.iso")
        self.assertEqual(self.description().find("devices/disk[@device='cdrom']/source").get("file"), "/run/cd.iso")
        self.expect(0, "rm", "web", "--force")

    def test_a_screen_is_offered_to_who_may_use_libvirt(self):
        done = self.expect(0, *LAUNCH, "--vnc")
        self.assertRegex(done.stdout, "see it: virt-viewer --attach --connect .+ web\n")
        path = self.description().find("devices/graphics[@type='vnc']/listen[@type='socket']").get("socket")
        with socket.socket(socket.AF_UNIX) as screen:
            screen.settimeout(30)
            screen.connect(path)
            self.assertEqual(screen.recv(12), b"RFB 003.008\n")
            screen.sendall(b"RFB 003.008\n")
            self.assertEqual(screen.recv(2), b"\x01\x01", "one kind of security, none: the socket's mode decides who comes in")
            screen.sendall(b"\x01")
            self.assertEqual(screen.recv(4), bytes(4))
            screen.sendall(b"\x01")
            width, height = struct.unpack(">HH", screen.recv(4))
        self.assertGreaterEqual((width, height), (640, 400))
        self.assertEqual(os.stat(os.path.dirname(path)).st_mode & 0o007, 0, "nobody else may get to the socket")
        self.expect(0, "rm", "web", "--force")
        self.assertFalse(os.path.exists(path))

    def test_a_model_and_nesting_by_emulation(self):
        self.expect(0, *LAUNCH, "--nested", "--accel", "tcg")
        self.assertEqual(self.description().find("cpu/feature[@name='svm']").get("policy"), "require")
        self.expect(0, "rm", "web", "--force")

    @unittest.skipUnless(os.path.exists("/usr/lib/qemu/virtiofsd") or shutil.which("virtiofsd"), "no virtiofsd")
    def test_a_shared_directory_is_offered(self):
        os.makedirs("/run/shared", exist_ok=True)
        self.expect(0, *LAUNCH, "--share", "/run/shared:data")
        self.assertEqual(self.description().find("devices/filesystem/target").get("dir"), "data")
        self.expect(0, "rm", "web", "--force")


class Plan(VmRunTest):
    def test_says_why(self):
        record = self.expect_json(1, "plan", "web", *GUEST, "--net", "user")
        self.assertTrue(all(decision["why"] for decision in record["decisions"]))
        done = self.expect(1, "plan", "web", *GUEST, "--why")
        self.assertIn("would define VM 'web'", done.stdout)
        self.assertRegex(done.stdout, r"accelerator +tcg\n.*\n +here: ")
        self.assertRegex(done.stdout, r"network card 1 +user\n +needs no privilege")


class OtherDrivers(VmRunTest):
    TEST = ("--connect", "test:///default")

    def test_the_test_driver_says_what_it_cannot(self):
        self.assertIn("cannot wait for ip", self.expect(2, "launch", "web", *GUEST, *self.TEST, "--wait", "ip").stderr)
        for command in (("console", "test"), ("wait", "test", "--for", "agent")):
            with self.subTest(command):
                done = self.expect(3, *command, *self.TEST)
                self.assertRegex(done.stderr, "not supported|no port for a guest agent|this driver has no")

    def test_what_needs_this_host_is_refused_for_another_one(self):
        done = self.expect(2, "launch", "web", *GUEST, "--accel", "tcg", "--connect", "qemu+ssh://other.example/system",
                           "--net", "bridge=br0,vlan=10")
        self.assertIn("cannot put a port of another host into a VLAN", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
