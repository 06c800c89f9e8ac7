#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libvirt-facts on libvirt's own test driver, and kvm-check with helpers that hang or print rubbish.

usage: libvirt_facts_test.py LIBVIRT-FACTS KVM-CHECK"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
HELPER, CHECK = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2))
SKIPPED = 77
GOOD = {"schema": "kvmkit.libvirt-facts/1", "uri": "qemu:///system", "problem": None, "library_version": "9.0.0",
        "daemon_version": "9.0.0", "hypervisor": "QEMU 7.2.22", "domains": [],
        "domain_types": [{"type": "kvm", "usable": False, "problem": "not offered", "cpu_modes": [], "firmware": []}]}
skipped = []


def facts(*words):
    return subprocess.run([HELPER, *words], capture_output=True, text=True, timeout=30, check=False,
                          stdin=subprocess.DEVNULL)


class Helper(unittest.TestCase):
    def record(self, *words):
        done = facts(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("\n"), 1)
        record = json.loads(done.stdout)
        try:
            import jsonschema
        except ImportError:
            skipped.append("python3-jsonschema is missing")
            return record
        schema = json.loads((SOURCE / "docs/schema/kvmkit.libvirt-facts-1.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.validate(record, schema)
        return record

    def test_the_test_driver_is_told(self):
        record = self.record("test:///default")
        self.assertIsNone(record["problem"])
        self.assertTrue(record["hypervisor"].startswith("TEST"))
        self.assertEqual([(vm["name"], vm["state"], vm["id"]) for vm in record["domains"]], [("test", "running", 1)])
        self.assertEqual([kind["usable"] for kind in record["domain_types"]], [False, False])

    def test_read_only_is_not_told_what_vms_are_offered(self):
        self.assertEqual(self.record("--read-only", "test:///default")["domain_types"], [])

    def test_what_does_not_answer_is_told_in_the_record(self):
        record = self.record("nonsense:///x")
        self.assertIn("nonsense", record["problem"])
        self.assertEqual(record["domains"], [])

    def test_a_wrong_command_line_is_2(self):
        for words in (("--what",), ("a", "b"), ("--read-only", "--read-only")):
            self.assertEqual(facts(*words).returncode, 2, words)


class Deadline(unittest.TestCase):
    """A kvm-check of its own with a helper of its own beside it, and a socket in /run/libvirt in a mount namespace."""

    def setUp(self):
        possible = os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
        if not possible:
            skipped.append("mount namespaces are for root")
            self.skipTest("mount namespaces are for root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        (self.top / "bin").mkdir()
        (self.top / "run").mkdir()
        (self.top / "libexec/kvmkit").mkdir(parents=True)
        self.check = shutil.copy2(CHECK, self.top / "bin")
        self.daemon = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.daemon.close)
        self.daemon.bind(str(self.top / "run/libvirt-sock"))
        self.daemon.listen(16)

    def findings(self, script, *words):
        """What kvm-check says of libvirt with this helper; None: there is none."""
        helper = self.top / "libexec/kvmkit/libvirt-facts"
        if script is not None:
            helper.write_text("#!/bin/sh\n" + script, encoding="utf-8")
            helper.chmod(0o755)
        inner = (f"mount -t tmpfs none /run && mkdir -p /run/libvirt && mount --bind {self.top}/run /run/libvirt && "
                 f"mount -t tmpfs none /usr/sbin && touch /usr/sbin/libvirtd && "
                 f"{{ [ ! -d /usr/libexec/kvmkit ] || mount -t tmpfs none /usr/libexec/kvmkit; }} && "
                 f"exec {self.check} --json --only libvirt.connect,libvirt.domcaps {' '.join(words)}")
        begin = time.monotonic()
        done = subprocess.run(["unshare", "-m", "sh", "-c", inner], capture_output=True, text=True, timeout=60,
                              check=False, stdin=subprocess.DEVNULL)
        self.took = time.monotonic() - begin
        checks = json.loads(done.stdout)["checks"]
        return {check["id"]: (check["status"], check["evidence"]) for check in checks}

    def test_answers_are_judged(self):
        found = self.findings(f"echo '{json.dumps(GOOD)}'")
        self.assertEqual(found["libvirt.connect"], ("pass", "libvirt 9.0.0 answers, with QEMU 7.2.22"))

    def test_a_helper_that_hangs_is_ended(self):
        found = self.findings("sleep 600", "--timeout", "5s")
        self.assertEqual(found["libvirt.connect"], ("unknown", "libvirt takes connections and did not answer in time"))
        self.assertLess(self.took, 20)

    def test_rubbish_is_no_answer(self):
        for script in ("echo rubbish", "head -c 100000 /dev/urandom", "echo '{}'", "exit 1", "kill -9 $$", "yes"):
            found = self.findings(script)
            self.assertEqual(found["libvirt.connect"][0], "unknown", script)

    def test_without_a_helper_it_is_skipped(self):
        found = self.findings(None)
        self.assertEqual(found["libvirt.connect"], ("skip", "libvirt-facts is not installed"))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit((1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else SKIPPED) if skipped else 0)
