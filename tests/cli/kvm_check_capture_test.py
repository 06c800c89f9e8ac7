#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check capture, run --root on what it wrote, and diff. usage: kvm_check_capture_test.py BINARY [Test.test_NAME...]"""
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HOSTS = SOURCE / "tests/fixtures/hosts"
BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
MUST_RUN = os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1"
NOBODY = 65534
skipped = []


def run(*args, prefix=(), **more):
    return subprocess.run([*prefix, str(BINARY), *map(str, args)], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, **more)


def record(*args, **more):
    return json.loads(run("run", "--json", *args, **more).stdout)


def answers(known):
    """Verdict and statuses."""
    return known["summary"], {check["id"]: check["status"] for check in known["checks"]}


def software(known):
    """What is said of libvirt, QEMU, the network and other hypervisors, word by word."""
    groups = ("libvirt.", "qemu.", "net.", "conflict.", "openstack.", "kvm.access_persistent")
    return [(check["id"], check["status"], check["evidence"], check["remedy"]) for check in known["checks"]
            if check["id"].startswith(groups)]


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def skip(self, reason):
        if MUST_RUN:
            self.fail(f"cannot run, and KVMKIT_TESTS_MUST_RUN is set: {reason}")
        skipped.append(reason)
        self.skipTest(reason)

    def need_root(self):
        if os.geteuid() != 0 or not shutil.which("setpriv") or not shutil.which("unshare"):
            self.skip("needs root, setpriv and unshare")

    def capture(self, *args, to="host.tar", **more):
        done = run("capture", *args, f"{self.folder}/{to}", **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.folder / to


class RoundTrip(Case):
    def test_this_host_and_its_recording_get_the_same_answers(self):
        live = answers(record("--timeout", "20s"))
        self.assertEqual(answers(record("--root", self.capture("--timeout", "20s"))), live)
        self.assertEqual(answers(record("--root", self.capture("--timeout", "20s", "--redact", to="redacted.tar"))), live)

    def test_what_is_said_of_software_is_the_same_word_by_word(self):
        words = ("--only", "libvirt,qemu,net,conflict.virtualbox,conflict.vmware,openstack,kvm.access_persistent")
        live = software(record("--timeout", "20s", *words))
        self.assertEqual(len(live), 24)
        self.assertEqual(software(record("--root", self.capture("--timeout", "20s"), *words)), live)
        redacted = self.capture("--timeout", "20s", "--redact", to="redacted.tar")
        self.assertEqual([known[:2] for known in software(record("--root", redacted, *words))],
                         [known[:2] for known in live])

    def test_another_user_s_recording_keeps_what_was_refused(self):
        self.need_root()
        os.chmod(self.folder, 0o777)
        binary = self.folder / "kvm-check"
        shutil.copy(BINARY, binary)
        prefix = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        live = subprocess.run([*prefix, binary, "--json"], capture_output=True, text=True, timeout=60, check=False)
        done = subprocess.run([*prefix, binary, "capture", self.folder / "host.tar"], capture_output=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(answers(record("--root", self.folder / "host.tar")), answers(json.loads(live.stdout)))

    def test_recording_a_recording_loses_nothing(self):
        for host in sorted(HOSTS.iterdir()):
            with self.subTest(host=host.name):
                again = self.capture("--root", host, to=f"{host.name}.tar")
                self.assertEqual(record("--root", again), record("--root", host))
                redacted = self.capture("--root", again, "--redact", to=f"{host.name}.redacted.tar")
                self.assertEqual(answers(record("--root", redacted)), answers(record("--root", host)))
                self.assertEqual(run("diff", host, again).stdout, "no difference\n")

    def test_every_kind_of_file(self):
        expected = record("--root", HOSTS / "pvm")
        for name, program in (("a.tar", None), ("a.tar.gz", "gzip"), ("a.tgz", "gzip"), ("a.tar.zst", "zstd"),
                              ("a.tar.xz", "xz"), ("folder/", None)):
            if program and not shutil.which(program):
                continue
            written = self.capture("--root", HOSTS / "pvm", to=name)
            self.assertEqual(record("--root", written), expected, name)
            self.assertEqual(written.stat().st_mode & 0o077, 0, name)
        with tarfile.open(self.folder / "a.tar.gz") as archive:
            self.assertIn("capture.json", archive.getnames())

    def test_a_folder_packed_by_tar_is_read_as_well(self):
        subprocess.run(["tar", "-C", HOSTS, "-czf", self.folder / "packed", "amd-ready"], check=True)
        self.assertEqual(record("--root", self.folder / "packed"), record("--root", HOSTS / "amd-ready"))


class Software(Case):
    """A host with systemd, udev and libvirt, as files: its recording has to say the same of it."""

    def make_host(self):
        host = self.folder / "made"
        shutil.copytree(HOSTS / "amd-ready", host)
        for name, text in {
                "usr/sbin/virtqemud": "", "usr/bin/qemu-system-x86_64": "", "run/udev/control": "",
                "usr/lib/systemd/system/virtqemud.service": "[Unit]\n", "run/systemd/system/x": "",
                "etc/systemd/system/sockets.target.wants/virtqemud.socket": "",
                "usr/lib/udev/rules.d/50-kvm.rules": 'KERNEL=="kvm", GROUP="kvm", MODE="0600"\n',
                "etc/libvirt/qemu.conf": '# by mallory\nuser = "bob-the-admin"\ngroup = "vms"\n',
                "etc/passwd": "root:x:0:0::/:/\nbob-the-admin:x:1007:1007:Room 17:/home/bob:/bin/sh\n",
                "etc/group": "kvm:x:106:\nvms:x:1008:mallory\nother:x:1009:mallory\n",
                "etc/libvirt/qemu/networks/default.xml":
                    "<network><bridge name='virbr0'/><ip address='10.99.1.1' netmask='255.255.255.0'></network>\n",
                "proc/net/route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
                                  "enx5254004a1c07\t0001630A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n",
                "var/cache/libvirt/qemu/capabilities/a.xml":
                    "<emulator>/usr/bin/qemu-system-x86_64</emulator><version>8002000</version><arch>x86_64</arch>\n",
                "usr/share/qemu/firmware/50-a.json": json.dumps(
                    {"interface-types": ["uefi"], "mapping": {"filename": "/usr/share/OVMF/a.fd"}, "features": [],
                     "targets": [{"architecture": "x86_64"}]}),
                "usr/share/OVMF/a.fd": "", "proc/sys/net/bridge/bridge-nf-call-iptables": "1\n",
                "sys/class/net/docker0/x": "", "sys/module/vboxdrv/x": "", "dev/net/tun": "no device",
                "var/lib/dpkg/status": "Package: qemu-system-x86\nStatus: install ok installed\nVersion: 1:8.2.0+x\n",
        }.items():
            (host / name).parent.mkdir(parents=True, exist_ok=True)
            (host / name).write_text(text)
        known = json.loads((host / "capture.json").read_text())
        known["user"] = {"name": "alice", "uid": 1000, "gids": [1000, 106]}
        (host / "capture.json").write_text(json.dumps(known))
        return host

    def test_its_recording_says_the_same(self):
        host = self.make_host()
        said = {known[0]: known[1] for known in software(record("--root", host))}
        for name in ("kvm.access_persistent", "libvirt.default_net", "libvirt.qemu_access", "net.tun", "net.br_netfilter",
                     "conflict.virtualbox"):
            self.assertEqual(said[name], "warn", name)
        for name in ("libvirt.service", "qemu.binary", "qemu.version", "qemu.firmware", "qemu.user"):
            self.assertEqual(said[name], "pass", name)
        plain = self.capture("--root", host)
        self.assertEqual(software(record("--root", plain)), software(record("--root", host)))
        redacted = self.capture("--root", plain, "--redact", to="redacted.tar")
        self.assertEqual(answers(record("--root", redacted)), answers(record("--root", host)))

    def test_a_masked_daemon_stays_masked(self):
        host = self.make_host()
        (host / "etc/systemd/system/virtqemud.service").symlink_to("/dev/null")
        recorded = record("--root", self.capture("--root", host), "--only", "libvirt.service")
        self.assertEqual(software(recorded), software(record("--root", host, "--only", "libvirt.service")))
        self.assertIn("masked", software(recorded)[0][2])

    def test_what_a_socket_answered_is_kept(self):
        host = self.make_host()
        known = json.loads((host / "capture.json").read_text())
        for errno, status in ((None, "pass"), ("ECONNREFUSED", "warn"), ("EACCES", "skip")):
            known["libvirt"] = {"socket": "/run/libvirt/virtqemud-sock", "connect": {"value": 0, "errno": errno}}
            (host / "capture.json").write_text(json.dumps(known))
            recorded = record("--root", self.capture("--force", "--root", host), "--only", "libvirt.service")
            self.assertEqual(software(recorded)[0][1], status, recorded["checks"])
            self.assertIn("virtqemud-sock", software(recorded)[0][2])

    def test_a_value_that_cannot_be_is_refused_with_its_key(self):
        host = self.make_host()
        known = json.loads((host / "capture.json").read_text())
        known["user"]["uid"] = -7
        (host / "capture.json").write_text(json.dumps(known))
        done = run("--root", host)
        self.assertEqual(done.returncode, 2)
        self.assertIn("'uid' is no whole number from 0 to 4294967295", done.stderr)

    def test_redaction_takes_names_and_addresses(self):
        text = self.capture("--root", self.make_host(), "--redact").read_bytes().decode()
        for secret in ("bob", "mallory", "Room 17", "10.99.1", "5254004a1c07", "alice"):
            self.assertFalse(secret in text, f"{secret} is left")


class Writing(Case):
    def test_a_file_is_replaced_only_by_force(self):
        place = self.folder / "host.tar"
        place.write_text("precious")
        done = run("capture", "--root", HOSTS / "pvm", place)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is there already", done.stderr)
        self.assertIn("--force", done.stderr)
        self.assertEqual(place.read_text(), "precious")
        self.assertEqual(run("capture", "--force", "--root", HOSTS / "pvm", place).returncode, 0)
        self.assertEqual(place.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.folder), ["host.tar"])
        (self.folder / "folder").mkdir()
        self.assertEqual(run("capture", "--force", "--root", HOSTS / "pvm", f"{self.folder}/folder/").returncode, 3)

    def test_a_link_in_the_place_is_not_followed(self):
        target = self.folder / "target"
        (self.folder / "host.tar").symlink_to(target)
        self.assertEqual(run("capture", "--root", HOSTS / "pvm", self.folder / "host.tar").returncode, 3)
        self.assertFalse(target.exists())

    def test_a_name_without_a_folder_lies_here(self):
        self.assertEqual(run("capture", "--root", HOSTS / "pvm", "host.tar", cwd=self.folder).returncode, 0)
        self.assertEqual(run("capture", "--root", HOSTS / "pvm", "host/", cwd=self.folder).returncode, 0)
        self.assertEqual(sorted(os.listdir(self.folder)), ["host", "host.tar"])

    def test_what_cannot_be_written_is_told(self):
        self.assertEqual(run("capture", self.folder / "host.zip").returncode, 2)
        self.assertEqual(run("capture").returncode, 2)
        done = run("capture", "--root", HOSTS / "pvm", self.folder / "no/such/folder.tar")
        self.assertEqual(done.returncode, 3)
        self.assertIn("No such file or directory", done.stderr)

    def test_a_full_disk_leaves_nothing(self):
        self.need_root()
        for name in ("host.tar", "host/"):
            script = (f"mount -t tmpfs -o size=16k tmpfs {self.folder} || exit 77; {BINARY} capture {self.folder}/{name}; "
                      f"code=$?; ls -A {self.folder}; exit $code")
            done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                                  capture_output=True, text=True, timeout=60, check=False)
            if done.returncode == 77 or "unshare" in done.stderr:
                self.skip("cannot mount a tmpfs")
            self.assertEqual((done.returncode, done.stdout), (3, ""), done.stderr)
            self.assertIn("No space left on device", done.stderr)


class Redaction(Case):
    SECRETS = ("CZ-SECRET-1", "4c4c4544-0042-3510-8053-b4c04f4d5931", "52:54:00:4a:1c:07", "192.0.2.17", "bob-the-admin",
               "Room 17", "nfs.example.org", "mallory", "secrethost")

    def make_host(self):
        host = self.folder / "made"
        shutil.copytree(HOSTS / "no-permission", host)
        for name, text in {
                "sys/class/dmi/id/product_serial": "CZ-SECRET-1", "sys/class/dmi/id/board_serial": "CZ-SECRET-1",
                "sys/class/dmi/id/product_uuid": "4c4c4544-0042-3510-8053-b4c04f4d5931",
                "sys/class/dmi/id/chassis_asset_tag": "Room 17", "etc/hostname": "secrethost",
                "proc/cmdline": "root=UUID=4c4c4544-0042-3510-8053-b4c04f4d5931 nfsroot=nfs.example.org:/x kvm.nested=1 "
                                "ip=192.0.2.17 ifname=eth0:52:54:00:4a:1c:07",
                "etc/group": "kvm:x:106:bob-the-admin,mallory\nlibvirt:x:107:mallory\n",
                "etc/passwd": "bob-the-admin:x:1000:1000:Room 17:/home/bob-the-admin:/bin/sh\nmallory:x:1:1::/:/\n"}.items():
            (host / name).parent.mkdir(parents=True, exist_ok=True)
            (host / name).write_text(text + "\n")
        known = json.loads((host / "capture.json").read_text())
        known["user"] = {"name": "bob-the-admin", "uid": 1000, "gids": [1000]}
        known["kernel_log"] = ["virtio_net: MAC 52:54:00:4a:1c:07 serial: CZ-SECRET-1", "kvm for bob-the-admin at 192.0.2.17",
                               "kvm: renamed secrethost.corp"]
        (host / "capture.json").write_text(json.dumps(known))
        return host

    def test_nothing_that_was_planted_is_left(self):
        host = self.make_host()
        plain = self.capture("--root", host, to="plain.tar").read_bytes().decode()
        for secret in self.SECRETS[:5]:
            self.assertTrue(secret in plain, f"{secret} was not recorded")
        redacted = self.capture("--root", host, "--redact", to="redacted.tar").read_bytes().decode()
        for secret in self.SECRETS:
            self.assertFalse(secret in redacted, f"{secret} is left")
        self.assertTrue("kvm.nested=1" in redacted, "nothing but secrets is taken out")
        self.assertEqual(answers(record("--root", self.folder / "redacted.tar")), answers(record("--root", host)))

    def test_this_machine_cannot_be_told_from_it(self):
        text = self.capture("--redact").read_bytes().decode(errors="replace")
        secrets = [path.read_text().strip() for path in pathlib.Path("/sys/class/net").glob("*/address")]
        secrets += [path.read_text().strip() for path in map(pathlib.Path, ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"))
                    if path.exists()]
        secrets.append(os.uname().nodename)
        for secret in secrets:
            if secret and secret not in ("00:00:00:00:00:00", "localhost", "linux", "vm"):
                found = re.search(rf"(?<![\w-]){re.escape(secret)}(?![\w-])", text)
                self.assertFalse(found, f"{secret} is in the recording")


class Hostile(Case):
    def tar(self, *members):
        path = self.folder / "hostile.tar"
        with tarfile.open(path, "w") as archive:
            for name, kind, target in members:
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, target
                archive.addfile(info, io.BytesIO(b""))
        return path

    def test_what_leads_out_is_refused(self):
        for member in (("/etc/group", tarfile.REGTYPE, ""), ("../group", tarfile.REGTYPE, ""),
                       ("etc/group", tarfile.SYMTYPE, "/etc/group"), ("etc/group", tarfile.SYMTYPE, "../../etc/group"),
                       ("etc/group", tarfile.LNKTYPE, "/etc/group"), ("dev/kvm", tarfile.CHRTYPE, ""),
                       ("proc/cpuinfo", tarfile.FIFOTYPE, "")):
            done = run("--json", "--root", self.tar(member))
            self.assertEqual(done.returncode, 3, member)
            error = json.loads(done.stdout)["error"]
            self.assertEqual(error["code"], "invalid", member)
            self.assertIn("refused member", error["message"])

    def test_what_is_no_archive_is_an_error(self):
        path = self.folder / "text"
        path.write_text("no archive")
        done = run("--root", path)
        self.assertEqual(done.returncode, 3)
        self.assertIn("neither a folder nor a tar archive", done.stderr)

    def test_a_link_in_a_folder_leads_nowhere_else(self):
        (self.folder / "secret").write_text("ID=secret\n")
        etc = self.folder / "host/etc"
        etc.mkdir(parents=True)
        for target in ("../../secret", str(self.folder / "secret")):
            (etc / "os-release").unlink(missing_ok=True)
            (etc / "os-release").symlink_to(target)
            self.assertIsNone(record("--root", self.folder / "host")["host"]["distribution"])

    def test_a_missing_program_is_named(self):
        (self.folder / "a.tgz").write_bytes(b"\x1f\x8b\x08\x00")
        done = run("--root", self.folder / "a.tgz", env={"PATH": str(self.folder)})
        self.assertEqual(done.returncode, 3)
        self.assertIn("gzip is not installed", done.stderr)


class Diff(Case):
    def test_the_same_host_does_not_differ(self):
        done = run("diff", HOSTS / "pvm", HOSTS / "pvm")
        self.assertEqual((done.returncode, done.stdout), (0, "no difference\n"))

    def test_measured_times_are_no_difference(self):
        host = self.folder / "host"
        shutil.copytree(HOSTS / "amd-ready", host)
        known = json.loads((host / "capture.json").read_text())
        known["kvm"]["run_long"]["took_us"] += 111
        known["kvm"]["speed"]["host_ns"] += 0.01
        (host / "capture.json").write_text(json.dumps(known))
        self.assertNotEqual(record("--root", host), record("--root", HOSTS / "amd-ready"))
        self.assertEqual(run("diff", host, HOSTS / "amd-ready").returncode, 0)

    def test_facts_and_checks_that_differ_are_told(self):
        done = run("diff", "--json", HOSTS / "amd-ready", HOSTS / "no-permission")
        known = json.loads(done.stdout)
        self.validate(known)
        self.assertEqual((done.returncode, known["same"]), (1, False))
        facts = {fact["name"]: (fact["a"], fact["b"]) for fact in known["facts"]}
        self.assertEqual((facts["verdict"], facts["cpu.flag"]), (("ready", "unusable"), ("svm", "vmx")))
        access = next(check for check in known["checks"] if check["id"] == "kvm.access")
        self.assertEqual((access["a"]["status"], access["b"]["status"]), ("pass", "fail"))

    def test_this_host_is_asked_what_run_asks_it(self):
        path = self.folder / "record.json"
        path.write_text(run("run", "--json", "--timeout", "20s").stdout)
        differing = {check["id"] for check in json.loads(run("diff", "--json", "--timeout", "20s", path, "/").stdout)["checks"]}
        self.assertEqual(differing & {"net.forward_policy", "libvirt.connect", "libvirt.domcaps", "libvirt.caps_stale"}, set())

    def test_records_archives_and_folders_compare(self):
        path = self.folder / "record.json"
        path.write_text(run("run", "--json", "--root", HOSTS / "pvm").stdout)
        archive = self.capture("--root", HOSTS / "pvm")
        for a in (path, archive, HOSTS / "pvm"):
            self.assertEqual(run("diff", a, path).returncode, 0, a)
        narrow = self.folder / "narrow.json"
        narrow.write_text(run("run", "--json", "--only", "kvm.api", "--root", HOSTS / "pvm").stdout)
        known = json.loads(run("diff", "--json", path, narrow).stdout)
        self.validate(known)
        self.assertIn(None, [check["b"] for check in known["checks"]])

    def test_what_cannot_be_read_is_3(self):
        broken = self.folder / "broken.json"
        broken.write_text('{"schema": "kvmkit.kvm-check.run/9"}')
        folder = self.folder / "broken"
        folder.mkdir()
        (folder / "capture.json").write_text("{")
        for path in (broken, folder, "/no/such/file", "/etc/passwd"):
            self.assertEqual(run("diff", HOSTS / "pvm", path).returncode, 3, path)
        self.assertEqual(run("diff", HOSTS / "pvm").returncode, 2)

    def validate(self, known):
        try:
            import jsonschema
        except ImportError:
            self.skip("python3-jsonschema is not installed")
        schema = json.loads((SOURCE / "docs/schema/kvmkit.kvm-check.diff-1.json").read_text())
        jsonschema.validate(known, schema, cls=jsonschema.Draft202012Validator)


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    sys.exit(1 if not result.wasSuccessful() else 77 if skipped else 0)
