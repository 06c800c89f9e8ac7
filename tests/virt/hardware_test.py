# SPDX-License-Identifier: Apache-2.0
"""Hardware that a VM is given, as far as this machine has it: the rest is told before anything is made."""
import os
import pathlib
import signal
import socket
import struct
import subprocess
import unittest
from xml.etree import ElementTree

from host import GUEST, VmRunTest, cmdline, make_image, processes, restart_libvirtd, virsh, wait_for

LAUNCH = ("launch", "web", *GUEST, *cmdline("kvmkit.name=web"), "--net", "none", "--wait", "none")


FIRMWARE = "/usr/share/qemu/firmware"
SWTPM = "/usr/bin/swtpm"


def firmware_is_installed():
    return any(pathlib.Path(FIRMWARE).glob("*.json"))


class Absent(VmRunTest):
    """On a host where neither firmware nor swtpm is installed: they are hidden where they are."""

    @classmethod
    def setUpClass(cls):
        os.makedirs("/run/nothing", exist_ok=True)
        cls.hidden = [place for place in (FIRMWARE, SWTPM) if os.path.exists(place)]
        for place in cls.hidden:
            subprocess.run(["mount", "--bind", "/run/nothing" if os.path.isdir(place) else "/dev/null", place], check=True)
        restart_libvirtd()

    @classmethod
    def tearDownClass(cls):
        for place in cls.hidden:
            subprocess.run(["umount", place], check=True)
        restart_libvirtd()

    def test_what_is_not_installed_is_told_with_what_installs_it(self):
        for option, message in (("--uefi", "apt-get install ovmf"), ("--uefi=secure", "apt-get install ovmf"),
                                ("--tpm", "apt-get install swtpm")):
            with self.subTest(option):
                self.assertIn(message, self.expect(3, *LAUNCH, option).stderr)

    def test_what_this_host_has_not_is_told(self):
        for words, code, message in ((("--hostdev", "ffff:ff:1f.7"), 3, "this host has none there"),
                                     (("--hostdev", "nix"), 2, "'nix' is no PCI address"),
                                     (("--pin", "4000"), 3, "cannot pin to CPUs 4000: this host has "),
                                     (("--pin", "x"), 2, "'x' is no list of CPUs"),
                                     (("--numa", "77"), 3, "this host has none of that number"),
                                     (("--hugepages", "3M"), 2, "this host has no huge pages of 3 MiB\n  hint: "),
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

    def test_a_cd_that_qemu_cannot_read_becomes_readable_or_says_what_is_in_the_way(self):
        closed = pathlib.Path("/run/closed")
        closed.mkdir(mode=0o700, exist_ok=True)
        for path in (closed / "cd.iso", pathlib.Path("/run/private.iso")):
            path.write_bytes(bytes(1 << 20))
            path.chmod(0o600)
        self.expect(0, *LAUNCH, "--cdrom", "/run/private.iso")
        self.expect(0, "rm", "web", "--force")
        done = self.expect(3, *LAUNCH, "--cdrom", str(closed / "cd.iso"))
        self.assertIn("cannot pass directory '/run/closed': Permission denied\n  hint: ", done.stderr)

    def test_a_cd_alone_is_booted_after_the_disk(self):
        pathlib.Path("/run/cd.iso").write_bytes(bytes(1 << 20))
        os.chmod("/run/cd.iso", 0o644)
        self.expect(0, "launch", "web", "--cdrom", "/run/cd.iso", "--add-disk", "10M", "--memory", "32M", "--net", "none",
                    "--accel", "tcg", "--wait", "none")
        self.assertEqual([boot.get("dev") for boot in self.description().findall("os/boot")], ["hd", "cdrom"])
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

    def test_all_memory_comes_from_one_node(self):
        record = self.expect_json(0, *LAUNCH, "--numa", "0")
        policies = pathlib.Path(f"/proc/{record['qemu_pid']}/numa_maps").read_text()
        self.assertRegex(policies, r"bind(=static)?:0 ")
        self.expect(0, "rm", "web", "--force")

    def test_a_shared_directory_is_served_as_long_as_the_vm_runs(self):
        os.makedirs("/run/shared", exist_ok=True)
        self.expect(0, *LAUNCH, "--share", "/run/shared:data")
        self.assertEqual(self.description().find("devices/filesystem/target").get("dir"), "data")
        self.assertTrue(processes("virtiofsd"))
        self.expect(0, "rm", "web", "--force")
        wait_for("virtiofsd has ended", lambda: not processes("virtiofsd"))


@unittest.skipUnless(firmware_is_installed() and os.path.exists(SWTPM), "no OVMF or no swtpm here: apt-get install ovmf swtpm")
class FirmwareAndTpm(VmRunTest):
    """libvirt keeps files for both, which go with the VM."""
    HARDWARE = ("--uefi", "--tpm")

    def files(self):
        return [pathlib.Path("/var/lib/libvirt/qemu/nvram/web_VARS.fd"), *pathlib.Path("/var/lib/libvirt/swtpm").glob("*/tpm2/*.permall")]

    def test_a_kept_vm_keeps_them_through_a_stop_and_they_go_with_it(self):
        self.expect(0, *LAUNCH, *self.HARDWARE)
        loader = ElementTree.fromstring(virsh("dumpxml", "web")).find("os/loader")
        self.assertEqual(loader.get("type"), "pflash")
        self.assertTrue(processes("swtpm"))
        self.expect(0, "stop", "web", "--force", "--timeout", "0")
        kept = self.files()
        self.assertEqual([path.exists() for path in kept], [True, True])
        self.expect(0, "start", "web", "--wait", "none")
        self.assertEqual(self.files(), kept)
        self.expect(0, "rm", "web", "--force")
        self.assertEqual([path.exists() for path in kept], [False, False])

    def test_secure_boot_takes_the_enrolled_keys(self):
        self.expect(0, *LAUNCH, "--uefi=secure")
        system = ElementTree.fromstring(virsh("dumpxml", "web")).find("os")
        self.assertEqual(system.find("loader").get("secure"), "yes")
        self.assertIn(".ms.fd", system.find("nvram").get("template"))
        self.expect(0, "rm", "web", "--force")

    def test_one_in_the_foreground_leaves_none_of_them_however_it_ends(self):
        for end in ("Ctrl-C", "kill", "QEMU"):
            with self.subTest(end):
                process = self.start(*LAUNCH, "--rm", *self.HARDWARE)
                self.assertIn("is started", process.stdout.readline())
                self.assertFalse(self.files()[0].exists(), "unlinked while QEMU has it open")
                if end == "QEMU":
                    os.kill(processes("qemu-system-x86")[0], signal.SIGKILL)
                else:
                    process.send_signal(signal.SIGINT if end == "Ctrl-C" else signal.SIGKILL)
                process.communicate(timeout=30)
                self.wait_until_unchanged(end, 40)
                wait_for("swtpm has ended", lambda: not processes("swtpm"))


class Description(VmRunTest):
    """Libvirt's own schema takes what is printed, also where this host lacks the hardware."""

    def test_each_kind_of_hardware_is_valid(self):
        make_image("/run/base.qcow2")
        make_image("/run/more.qcow2")
        os.makedirs("/run/shared", exist_ok=True)
        pathlib.Path("/run/cd.iso").write_bytes(bytes(1 << 20))
        for words in ((), ("--uefi",), ("--uefi=secure",), ("--tpm",), ("--share", "/run/shared:data"), ("--nested",),
                      ("--cdrom", "/run/cd.iso"), ("--pin", "0"), ("--numa", "0"), ("--cpu", "Nehalem"), ("--cpu", "host"),
                      ("--rm",), ("--net", "user,fwd=2222:22"), ("--net", "network=lan"), ("--net", "macvtap=lo"),
                      ("--net", "bridge=br0,vlan=10"), ("--vcpus", "4", "--net", "bridge=br0"),
                      ("--image", "/run/base.qcow2", "--add-disk", "1G", "--add-disk", "/run/more.qcow2"),
                      ("--image", "/run/base.qcow2", "--user", "me", "--ssh-key", "none", "--rm")):
            with self.subTest(words):
                net = () if "--net" in words else ("--net", "none")
                text = self.expect(0, "launch", "web", *GUEST, *net, "--accel", "tcg", *words, "--print-xml").stdout
                pathlib.Path("/run/valid.xml").write_text(text)
                judged = subprocess.run(["virt-xml-validate", "/run/valid.xml", "domain"], capture_output=True, text=True)
                told = judged.stdout + judged.stderr
                self.assertEqual(judged.returncode, 0, told + text)
                self.assertIn("/run/valid.xml validates", told)


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
        for lifetime in ((), ("--rm",)):
            self.assertIn("cannot launch a VM on libvirt's test driver: it runs nothing",
                          self.expect(2, "launch", "web", *GUEST, *self.TEST, *lifetime).stderr)
        self.assertIn("would define VM 'web'", self.expect(1, "launch", "web", *GUEST, *self.TEST, "--dry-run").stdout)
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
