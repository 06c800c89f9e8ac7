#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check as a user meets it on this machine. usage: kvm_check_test.py BINARY [KvmCheck.test_NAME...]"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
MUST_RUN = os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1"
NOBODY = 65534
VERDICTS = {"ready": 0, "degraded": 1, "unusable": 1, "unknown": 3}
skipped = []


def run(*args, prefix=(), timeout=30):
    return subprocess.run([*prefix, str(BINARY), *args], capture_output=True, text=True, timeout=timeout, check=False,
                          stdin=subprocess.DEVNULL)


def as_nobody():
    return ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def statuses(record):
    return {check["id"]: check["status"] for check in record["checks"]}


def probes():
    """Probing children that are there now, dead ones that nobody has waited for included."""
    found = set()
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().strip() == "kvm-probe":
                found.add(comm.parent.name)
        except OSError:
            pass
    return found


class KvmCheck(unittest.TestCase):
    def skip(self, reason):
        if MUST_RUN:
            self.fail(f"cannot run, and KVMKIT_TESTS_MUST_RUN is set: {reason}")
        skipped.append(reason)
        self.skipTest(reason)

    def need_kvm(self):
        if not os.path.exists("/dev/kvm"):  # hardware is not a package: the lab has hosts with KVM
            self.skipTest("this machine has no /dev/kvm")
        if not os.access("/dev/kvm", os.R_OK | os.W_OK):
            self.skip("/dev/kvm is not there or not ours to open")

    def need_root(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skip("needs root and setpriv to become another user")

    def world_readable_binary(self):
        """The build folder may be closed to other users."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        copy = pathlib.Path(folder.name) / "kvm-check"
        shutil.copy(BINARY, copy)
        copy.chmod(0o755)
        return copy

    def validate(self, text):
        try:
            import jsonschema
        except ImportError:
            self.skip("python3-jsonschema is not installed")
        record = json.loads(text)
        schema = json.loads((SOURCE / "docs/schema" / f"{record['schema'].replace('/', '-')}.json").read_text())
        jsonschema.validate(record, schema, cls=jsonschema.Draft202012Validator)
        return record

    def test_this_host_gets_a_verdict_that_fits_its_exit_code(self):
        done = run("--json")
        record = self.validate(done.stdout)
        self.assertEqual(done.returncode, VERDICTS[record["summary"]["verdict"]])
        self.assertEqual(done.stderr, "")
        self.assertEqual(record["host"]["arch"], os.uname().machine)

    def test_guests_run_where_the_device_opens(self):
        self.need_kvm()
        seen = statuses(json.loads(run("--json", "--timeout", "10s").stdout))
        self.assertEqual((seen["kvm.run_real"], seen["kvm.run_long"]), ("pass", "pass"))

    def test_a_lack_of_descriptors_says_nothing_of_kvm(self):
        for command in ("run", "nested"):
            done = run(command, prefix=("sh", "-c", 'ulimit -n 9; exec "$0" "$@"'))
            self.assertEqual((done.returncode, done.stdout), (3, ""))
            self.assertEqual(done.stderr, "kvm-check: cannot judge host: this process may open no more than 9 files (RLIMIT_NOFILE)\n"
                                          "  hint: raise the limit: ulimit -n 1024\n")

    def test_an_emulating_kvm_is_told_as_such(self):
        self.need_kvm()
        if not pathlib.Path("/sys/module/kvm_pvm").exists():
            self.skipTest("this host's KVM is not KVM-PVM")
        done = run("--json", "--timeout", "10s")
        record = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([record["summary"][key] for key in ("verdict", "kvm", "nested")], ["degraded", "emulated", "unavailable"])
        self.assertEqual(record["recommendation"]["accel"], "tcg")
        self.assertEqual([key for key, status in statuses(record).items() if status == "fail"], ["kvm.guest_speed"])
        self.assertTrue(run("--timeout", "10s").stdout.startswith("DEGRADED: KVM-PVM opens, but runs guests by emulation only: use TCG\n"))

    def test_qemu_starts_only_on_request(self):
        self.need_kvm()
        if shutil.which("qemu-system-x86_64") is None:
            self.skip("qemu-system-x86_64 is not installed")
        self.assertEqual(statuses(json.loads(run("--json", "--timeout", "10s").stdout))["qemu.accel"], "skip")
        deep = json.loads(run("--json", "--deep", "--timeout", "30s").stdout)
        self.assertEqual(statuses(deep)["qemu.accel"], "pass")

    def test_the_abort_of_qemu_is_predicted(self):
        """QEMU itself is the judge: whether it starts with -cpu host, and with what kvm-check makes of it."""
        self.need_kvm()
        qemu = shutil.which("qemu-system-x86_64")
        if qemu is None:
            self.skip("qemu-system-x86_64 is not installed")
        record = json.loads(run("--json", "--timeout", "10s").stdout)
        writeback = next(check for check in record["checks"] if check["id"] == "kvm.msr_writeback")
        self.assertEqual(self.starts(qemu, "host"), writeback["status"] == "pass", writeback)
        if writeback["status"] != "pass":
            mended = writeback["remedy"]["commands"][0].split(" -cpu ")[1]
            self.assertTrue(self.starts(qemu, mended), mended)
        if pathlib.Path("/sys/module/kvm_pvm").exists() and writeback["status"] != "pass":
            self.assertIn("MSR 0x10a", writeback["evidence"])
            self.assertIn("arch-capabilities", writeback["remedy"]["summary"])

    @staticmethod
    def starts(qemu, cpu):
        """Whether QEMU comes up with its vCPU made and stopped, and says so on its monitor."""
        process = subprocess.run([qemu, "-accel", "kvm", "-cpu", cpu, "-S", "-display", "none", "-nodefaults", "-qmp", "stdio"],
                                 input='{"execute": "qmp_capabilities"}\n{"execute": "quit"}\n', text=True,
                                 capture_output=True, timeout=30, check=False)
        return process.returncode == 0 and '"SHUTDOWN"' in process.stdout

    def test_another_user_is_told_that_permission_is_missing(self):
        self.need_kvm()
        self.need_root()
        mode = os.stat("/dev/kvm").st_mode
        if mode & 0o006:
            self.skipTest("/dev/kvm is open to everybody")
        done = subprocess.run([*as_nobody(), str(self.world_readable_binary()), "--json"], capture_output=True, text=True,
                              timeout=30, check=False)
        record = self.validate(done.stdout)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([record["summary"][key] for key in ("verdict", "kvm", "nested")], ["unusable", "forbidden", "unavailable"])
        access = next(check for check in record["checks"] if check["id"] == "kvm.access")
        self.assertIn("Permission denied (EACCES)", access["evidence"])
        self.assertTrue(any("usermod -aG kvm" in command for command in access["remedy"]["commands"]))
        causes = {check["because"] for check in record["checks"] if check["status"] == "skip"}
        self.assertEqual(causes - {None}, {"kvm.access"})  # None: nothing to look at, such as no VirtualBox

    def test_a_folder_that_may_not_be_read_is_an_error(self):
        self.need_root()
        with tempfile.TemporaryDirectory() as folder:  # mode 0700, of root
            inside = pathlib.Path(folder) / "host"
            inside.mkdir()
            done = subprocess.run([*as_nobody(), str(self.world_readable_binary()), "--root", str(inside)],
                                  capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("cannot open directory", done.stderr)
        self.assertIn("Permission denied", done.stderr)

    def test_it_ends_in_time_and_leaves_no_child(self):
        before = probes()  # other tests may be running
        begin = time.monotonic()
        done = run("--timeout", "1ms")
        self.assertIn(done.returncode, (0, 1, 3))
        self.assertLess(time.monotonic() - begin, 5)
        run()
        deadline = time.monotonic() + 10
        while probes() - before and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(probes() - before, set())

    def test_no_time_at_all_is_unknown_and_not_a_failure(self):
        self.need_kvm()
        done = run("--json", "--timeout", "0ms")
        record = json.loads(done.stdout)
        self.assertEqual((done.returncode, record["summary"]["verdict"]), (3, "unknown"))
        self.assertNotIn("fail", statuses(record).values())
        self.assertIn("the time was up", done.stdout)

    def test_a_recorded_device_is_never_opened(self):
        self.need_root()
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "dev").mkdir()
            (pathlib.Path(folder) / "proc").mkdir()
            shutil.copy("/proc/cpuinfo", pathlib.Path(folder) / "proc/cpuinfo")
            try:
                os.mknod(pathlib.Path(folder) / "dev/kvm", 0o600 | 0o020000, os.makedev(10, 232))
            except PermissionError:
                self.skip("mknod is not allowed here")
            trace = shutil.which("strace")
            prefix = (trace, "-f", "-e", "trace=openat,open,ioctl", "-o", f"{folder}/trace") if trace else ()
            run("--root", folder, prefix=prefix)
            if trace:
                self.assertNotIn("dev/kvm", pathlib.Path(folder, "trace").read_text())

    def test_a_broken_recording_is_an_error_of_the_input(self):
        for text in ("", "{}", "[1]", '{"schema": "kvmkit.capture/1"}', '{"schema": "kvmkit.capture/1", "kvm": {"open": 7}}',
                     '{"schema": "kvmkit.capture/1", "kvm": {"node": {"major": -1}}}', "\xff\xfe"):
            with tempfile.TemporaryDirectory() as folder:
                pathlib.Path(folder, "capture.json").write_text(text, encoding="latin-1")
                done = run("--json", "--root", folder)
            self.assertEqual(done.returncode, 2, text)
            self.assertIn("kvm-check: cannot read capture.json: ", done.stderr)
            self.assertEqual(self.validate(done.stdout)["exit"], 2)

    def test_public_recordings_never_crash_it(self):
        hosts = pathlib.Path(os.environ.get("KVMKIT_SHARED", SOURCE.parent / "shared")) / "fixtures/hosts"
        recordings = sorted(hosts.glob("*/cpuinfo*")) + sorted(hosts.glob("*/proc/cpuinfo"))
        if not recordings:
            skipped.append("no collection of recordings; KVMKIT_SHARED names its parent")
            self.skipTest(skipped[-1])
        for recording in recordings:
            with self.subTest(recording=recording.name), tempfile.TemporaryDirectory() as folder:
                (pathlib.Path(folder) / "proc").mkdir()
                shutil.copy(recording, pathlib.Path(folder) / "proc/cpuinfo")
                done = run("--json", "--root", folder)
                record = self.validate(done.stdout)
                self.assertEqual(done.returncode, VERDICTS[record["summary"]["verdict"]])
                self.assertIn(record["summary"]["verdict"], ("unusable", "unknown"))


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if skipped else 0)
