#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check's formats, each read by its consumer, on every recorded host; and its selections of checks.
usage: kvm_check_formats_test.py BINARY [Test.test_NAME...]"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import consumers

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HOSTS = sorted((SOURCE / "tests/fixtures/hosts").iterdir())
BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
NAGIOS = {"ready": 0, "degraded": 1, "unusable": 2, "unknown": 3}


def run(*args):
    return subprocess.run([str(BINARY), *args], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)


def on(host, *args):
    return run(*args, "--root", str(SOURCE / "tests/fixtures/hosts" / host))


def record(host, *args):
    return json.loads(on(host, "--json", *args).stdout)


class Formats(unittest.TestCase):
    def test_nagios_reads_every_host(self):
        for host in HOSTS:
            with self.subTest(host=host.name):
                done = on(host.name, "--format", "nagios")
                read = consumers.nagios(done.stdout)
                verdict = record(host.name)["summary"]["verdict"]
                self.assertEqual(done.returncode, NAGIOS[verdict])
                self.assertEqual(read["state"], consumers.STATES[done.returncode])
        self.assertLess(consumers.nagios(on("amd-ready", "--format", "nagios").stdout)["perfdata"]["guest_slowdown"], 2)

    def test_nagios_is_told_of_what_cannot_be_judged(self):
        for args in (("--root", "/no/such/place"), ("--only", "no.such"), ("--user", "no-such-user")):
            done = run("--format", "nagios", *args)
            self.assertEqual((done.returncode, consumers.nagios(done.stdout)["state"]), (3, "UNKNOWN"))

    def test_prometheus_reads_every_host(self):
        for host in HOSTS:
            with self.subTest(host=host.name):
                done = on(host.name, "--format", "prometheus")
                samples = consumers.prometheus(done.stdout)
                known = record(host.name)
                self.assertEqual(done.returncode, 0)
                held = [dict(labels)["verdict"] for (name, labels), value in samples.items()
                        if name == "kvmkit_kvm_verdict" and value == 1]
                self.assertEqual(held, [known["summary"]["verdict"]])
                states = {dict(labels)["check"]: dict(labels)["status"] for name, labels in samples
                          if name == "kvmkit_check_status"}
                self.assertEqual(states, {check["id"]: check["status"] for check in known["checks"]})
                consumers.promtool(done.stdout)
                self.assertIn(consumers.prometheus_client(done.stdout), (None, samples))

    def test_prometheus_runs_no_guest_unless_asked(self):
        names = {name for name, _ in consumers.prometheus(run("--format", "prometheus").stdout)}
        self.assertNotIn("kvmkit_guest_slowdown_ratio", names)
        if os.access("/dev/kvm", os.R_OK | os.W_OK):
            names = {name for name, _ in consumers.prometheus(run("--format", "prometheus", "--probe", "--timeout",
                                                                  "20s").stdout)}
            self.assertIn("kvmkit_guest_slowdown_ratio", names)

    def test_markdown_reads_every_host(self):
        for host in HOSTS:
            with self.subTest(host=host.name):
                done = on(host.name, "--format", "markdown")
                read = consumers.markdown(done.stdout)
                known = record(host.name)
                self.assertEqual(read["host"]["verdict"], known["summary"]["verdict"])
                self.assertEqual(read["checks"], {check["id"]: (check["status"], check["evidence"])
                                                  for check in known["checks"]})

    def test_kvm_ok_s_words_carry_our_answer(self):
        for host in HOSTS:
            with self.subTest(host=host.name):
                done = on(host.name, "--compat", "kvm-ok")
                usable, _ = consumers.kvm_ok(done.stdout)
                self.assertEqual(usable, record(host.name)["recommendation"]["accel"] == "kvm")
                self.assertEqual(done.returncode, 0 if usable else 1)
        self.assertEqual(consumers.kvm_ok(on("amd-ready", "--compat", "kvm-ok").stdout), (True, ["INFO: /dev/kvm exists"]))
        self.assertIn("HINT:   sudo modprobe kvm_intel", consumers.kvm_ok(on("module-missing", "--compat", "kvm-ok").stdout)[1])

    def test_format_json_is_json(self):
        self.assertEqual(on("pvm", "--json").stdout, on("pvm", "--format", "json").stdout)
        self.assertEqual(json.loads(run("--format", "json", "--root", "/no/such/place").stdout)["schema"], "kvmkit.error/1")

    def test_one_run_has_one_format(self):
        for args in (("--json", "--format", "text"), ("--compat", "kvm-ok", "--json"), ("--format", "xml"),
                     ("--format", "jsno"), ("--compat", "virsh"), ("--probe", "--no-probe")):
            self.assertEqual(run(*args).returncode, 2, args)
        self.assertIn("did you mean 'json'?", run("--format", "jsno").stderr)


class Selections(unittest.TestCase):
    def test_only_reports_the_chosen_and_judges_what_they_need(self):
        known = record("module-missing", "--only", "kvm.run_long")
        self.assertEqual([(check["id"], check["status"], check["because"]) for check in known["checks"]],
                         [("kvm.module", "fail", None), ("kvm.run_long", "skip", "kvm.module")])
        self.assertEqual(known["summary"]["verdict"], "unusable")
        self.assertEqual(record("module-missing", "--only", "underlay.kind")["summary"]["verdict"], "ready")

    def test_the_first_line_says_what_the_chosen_checks_say(self):
        for words in (("--format", "nagios"), ("--format", "markdown"), ()):
            first = on("vmware-guest", "--only", "net.tun", *words).stdout.splitlines()[0]
            self.assertIn("READY by 1 of ", first)
            self.assertIn(" checks; by all of them NOT USABLE: ", first)

    def test_verbose_shows_what_passes(self):
        self.assertNotIn("kvm.module", on("amd-ready").stdout)
        for word in ("--all", "-v"):
            self.assertIn("pass     kvm.module", on("amd-ready", word).stdout)

    def test_help_names_every_purpose(self):
        told = " ".join(run("run", "--help").stdout.split())
        self.assertIn("what the host shall do: kvm, nested, libvirt, passthrough, openstack-compute", told)

    def test_groups_name_their_checks(self):
        ids = [check["id"] for check in record("amd-ready", "--only", "kvm,nested.param")["checks"]]
        self.assertTrue(all(name.startswith(("kvm.", "nested.")) for name in ids))
        self.assertIn("kvm.guest_speed", ids)
        self.assertNotIn("cpu.virt_ext", ids)

    def test_what_cannot_be_done_is_refused_and_not_ignored(self):
        for words in (("--compat", "kvm-ok", "--for", "nested"), ("--compat", "kvm-ok", "--strict"), ("--deep",), ("--probe",)):
            done = on("intel-nested-off", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("leave out", done.stderr)

    def test_fix_goes_with_this_host_and_a_form_that_can_tell_it(self):
        for words in (("--yes",), ("--dry-run",), ("--fix", "--format", "nagios"), ("--fix", "--compat", "kvm-ok")):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout.startswith("{")), (2, False), words)
        self.assertEqual(on("module-missing", "--fix").returncode, 2)
        self.assertNotIn("--fix", on("module-missing").stdout)  # nobody can mend a recording

    def test_skip_leaves_out(self):
        known = record("pvm", "--skip", "kvm.guest_speed")
        self.assertEqual((known["summary"]["verdict"], known["summary"]["kvm"], known["recommendation"]["accel"]),
                         ("ready", "emulated", "tcg"))
        self.assertEqual(sum(known["summary"]["counts"].values()), len(known["checks"]))

    def test_require_strict_and_for_make_a_warning_count(self):
        self.assertEqual(on("intel-nested-off").returncode, 0)
        for args in (("--require", "nested.param"), ("--require", "nested"), ("--strict",), ("--for", "nested")):
            done = on("intel-nested-off", *args)
            self.assertEqual(done.returncode, 1, args)
            self.assertIn("but not all that was asked for is there", done.stdout)
        self.assertEqual(on("intel-nested-off", "--for", "kvm").returncode, 0)
        self.assertEqual(on("intel-nested-off", "--strict", "--skip", "nested").returncode, 0)

    def test_passthrough_requires_what_is_else_no_news(self):
        self.assertEqual(on("amd-ready", "--for", "passthrough").returncode, 3)  # nobody recorded it
        with tempfile.TemporaryDirectory() as folder:
            host = pathlib.Path(folder, "host")
            shutil.copytree(SOURCE / "tests/fixtures/hosts/amd-ready", host)
            for path in ("sys/firmware/acpi/tables/IVRS", "sys/module/vfio_pci/x", "proc/cmdline"):
                (host / path).parent.mkdir(parents=True, exist_ok=True)
                (host / path).write_text("quiet amd_iommu=off\n")
            (host / "sys/kernel/iommu_groups").mkdir(parents=True)
            (host / "sys/kernel/irq/1").mkdir(parents=True)
            chip = host / "sys/kernel/irq/1/chip_name"
            chip.write_text("PCI-MSI\n")
            self.assertEqual(run("--root", host).returncode, 0)
            done = run("--json", "--for", "passthrough", "--root", host)
            found = {check["id"]: check for check in json.loads(done.stdout)["checks"]}
            self.assertEqual(done.returncode, 1)
            self.assertEqual([found[name]["status"] for name in ("iommu.acpi", "iommu.enabled", "vfio.modules")],
                             ["pass", "fail", "pass"])
            self.assertIn("without amd_iommu=off", found["iommu.enabled"]["remedy"]["summary"])
            self.assertEqual(found["iommu.groups"]["because"], "iommu.enabled")
            (host / "sys/kernel/iommu_groups/0").mkdir()
            done = run("--for", "passthrough", "--root", host)
            self.assertEqual(done.returncode, 1)
            self.assertIn("VFIO gives no device to a guest", done.stdout)
            chip.write_text("IR-PCI-MSI\n")
            self.assertEqual(run("--for", "passthrough", "--root", host).returncode, 0)

    def test_for_libvirt_and_for_openstack_ask_for_what_they_need(self):
        with tempfile.TemporaryDirectory() as folder:
            host = pathlib.Path(folder) / "host"
            shutil.copytree(SOURCE / "tests/fixtures/hosts/amd-ready", host)
            done = run("--for", "libvirt", "--root", str(host))
            self.assertEqual(done.returncode, 3, "nobody recorded what is installed")
            for name in ("usr/bin/x", "usr/sbin/x"):
                (host / name).parent.mkdir(parents=True, exist_ok=True)
                (host / name).write_text("")
            self.assertEqual(run("--root", str(host)).returncode, 0)
            done = run("--for", "libvirt", "--root", str(host))
            self.assertEqual(done.returncode, 1, "nothing is installed")
            self.assertIn("libvirt is not installed", done.stdout)
            for name, text in (("usr/bin/qemu-system-x86_64", ""), ("usr/sbin/libvirtd", ""),
                               ("etc/runlevels/default/libvirtd", ""),
                               ("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")):
                (host / name).parent.mkdir(parents=True, exist_ok=True)
                (host / name).write_text(text)
            (host / "etc/passwd").write_text("libvirt-qemu:x:64055:106:::\n")
            known = json.loads((host / "capture.json").read_text())
            known["kvm"]["node"]["gid"] = 106
            known["kvm"]["node"]["mode"] = "0660"
            known["network"] = {"tun": "character device 10:200"}
            known["libvirt"] = {"version": "9.0.0"}
            known["qemu"] = {"version": "4.2"}
            (host / "capture.json").write_text(json.dumps(known))
            done = run("--for", "libvirt", "--root", str(host))
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertNotIn("openstack", done.stdout)
            done = run("--for", "openstack-compute", "--root", str(host))
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("QEMU 4.2 is installed, and nova-compute does not start with less than 5.2.0", done.stdout)
            known["qemu"] = {"version": "5.2"}
            (host / "capture.json").write_text(json.dumps(known))
            done = run("--for", "openstack-compute", "--root", str(host))
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_mistyped_ids_are_told_what_was_meant(self):
        for option in ("--only", "--skip", "--require"):
            done = run(option, "kvm.access,kvm.apu")
            self.assertEqual(done.returncode, 2)
            self.assertIn("unknown check 'kvm.apu'", done.stderr)
            self.assertIn("did you mean 'kvm.api'?", done.stderr)
        self.assertEqual(run("--only", "").returncode, 2)
        self.assertEqual(run("--skip", "kvm.api", "--require", "kvm.api").returncode, 2)
        self.assertEqual(run("--only", "kvm.api", "--skip", "kvm").returncode, 2)
        self.assertIn("did you mean 'nested'?", run("--for", "nestde").stderr)


class NoProbe(unittest.TestCase):
    def test_nothing_beyond_opening_is_claimed(self):
        done = run("--json", "--no-probe")
        known = json.loads(done.stdout)
        statuses = {check["id"]: check["status"] for check in known["checks"]}
        if statuses["kvm.access"] == "pass":
            self.assertEqual((done.returncode, known["summary"]["verdict"]), (3, "unknown"))
            self.assertEqual((statuses["kvm.api"], statuses["kvm.run_long"]), ("unknown", "skip"))
            self.assertIn("no guest was run", known["recommendation"]["why"])
        else:
            self.assertEqual((done.returncode, known["summary"]["verdict"]), (1, "unusable"))


class Users(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def access(self, *args, binary=BINARY, prefix=()):
        done = subprocess.run([*prefix, str(binary), "--json", "--only", "kvm.access", *map(str, args)], capture_output=True,
                              text=True, timeout=60, check=False)
        check = json.loads(done.stdout)["checks"][0]
        return check["status"], check["evidence"]

    def recorded(self, group, **node):
        host = self.folder / "host"
        shutil.copytree(SOURCE / "tests/fixtures/hosts/amd-ready", host, dirs_exist_ok=True)
        (host / "etc/passwd").write_text("carol:x:1003:1003:::\n")
        (host / "etc/group").write_text(group)
        known = json.loads((host / "capture.json").read_text())
        known["kvm"]["node"] = {"major": 10, "minor": 232, "mode": "0660", "uid": 0, "gid": 106, **node}
        (host / "capture.json").write_text(json.dumps(known))
        return ("--root", host, "--user", "carol")

    def test_a_recorded_user_is_judged_by_groups_and_access_list(self):
        status, evidence = self.access(*self.recorded("kvm:x:106:\n"))
        self.assertEqual(status, "fail")
        self.assertIn("user carol may not open /dev/kvm: judged by its permissions; mode 0660", evidence)
        self.assertEqual(self.access(*self.recorded("kvm:x:106:bob,carol\n"))[0], "pass")
        self.assertEqual(self.access(*self.recorded("kvm:x:106:\n", mode="0666"))[0], "pass")
        acl = ["user::rw-", "user:1003:rw-", "group::rw-", "mask::rw-", "other::---"]
        self.assertEqual(self.access(*self.recorded("kvm:x:106:\n", acl=acl))[0], "pass")

    def test_a_user_that_is_not_there_is_an_error(self):
        done = run("--user", "no-such-user")
        self.assertEqual(done.returncode, 2)
        self.assertIn("names no such user", done.stderr)

    def test_root_finds_out_by_opening(self):
        if os.geteuid() != 0 or not shutil.which("setpriv") or not os.path.exists("/dev/kvm"):
            self.skipTest("needs root, setpriv and /dev/kvm")
        os.chmod(self.folder, 0o755)
        binary = self.folder / "kvm-check"
        shutil.copy(BINARY, binary)
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        status, evidence = self.access("--user", "nobody")
        self.assertEqual(status, self.access(binary=binary, prefix=nobody)[0])
        self.assertNotIn("judged by its permissions", evidence)
        self.assertEqual(self.access("--user", "root", binary=binary, prefix=nobody)[0], "pass")


if __name__ == "__main__":
    unittest.main(verbosity=2)
