#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kvm-check explain, list and show as a user meets them. usage: kvm_check_explain_test.py BINARY [CLASS.test_NAME...]"""
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
MUST_RUN = os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1"
MEBIBYTE = 1 << 20
NOBODY = 65534
skipped = []


def run(*args, text=b"", prefix=(), **options):
    return subprocess.run([*prefix, str(BINARY), *args], capture_output=True, timeout=60, check=False, input=text, **options)


def skip(test, reason):
    if MUST_RUN:
        test.fail(f"cannot run, and KVMKIT_TESTS_MUST_RUN is set: {reason}")
    skipped.append(reason)
    test.skipTest(reason)


def validate(test, text):
    try:
        import jsonschema
    except ImportError:
        skip(test, "python3-jsonschema is not installed")
    record = json.loads(text)
    schema = json.loads((SOURCE / "docs/schema" / f"{record['schema'].replace('/', '-')}.json").read_text())
    jsonschema.validate(record, schema, cls=jsonschema.Draft202012Validator)
    return record


class Explain(unittest.TestCase):
    def test_standard_input_is_read_with_a_dash_and_without_a_name(self):
        for args in (("explain",), ("explain", "-"), ("explain", "--json", "-")):
            done = run(*args, text=b"kvm: disabled by bios\n")
            self.assertEqual(done.returncode, 0, args)
            self.assertIn(b"kvm: disabled by bios", done.stdout)
            self.assertEqual(done.stderr, b"")

    def test_a_file_is_read(self):
        log = SOURCE / "tests/fixtures/logs/vmware-guest.log"
        record = validate(self, run("explain", "--json", str(log)).stdout)
        self.assertEqual(record["causes"][0]["symptom"], "S4")
        self.assertEqual(record["causes"][0]["remedy"]["where"], "hypervisor")
        self.assertEqual([cause["because"] for cause in record["causes"][1:]], ["S4"] * (len(record["causes"]) - 1))

    def test_nothing_known_is_a_no_with_a_next_step(self):
        for text in (b"", b"\n", b"all is well\n"):
            done = run("explain", text=text)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"no line is known", done.stdout)
            self.assertIn(b"kvm-check run", done.stdout)
            record = validate(self, run("explain", "--json", text=text).stdout)
            self.assertEqual(record["causes"], [])

    def test_what_cannot_be_read_is_told(self):
        for name, cause in (("/there/is/no/such/file", "No such file or directory"), ("/", "Is a directory")):
            done = run("explain", name)
            self.assertEqual(done.returncode, 3)
            self.assertEqual(done.stdout, b"")
            self.assertEqual(done.stderr.decode(), f"kvm-check: cannot read '{name}': {cause}\n")
            record = validate(self, run("explain", "--json", name).stdout)
            self.assertEqual((record["schema"], record["exit"]), ("kvmkit.error/1", 3))

    def test_a_line_in_place_of_a_file_is_told_how_to_pass_it_on(self):
        done = run("explain", "kvm: disabled by bios")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.decode(), "kvm-check: cannot read 'kvm: disabled by bios': No such file or directory\n"
                                               "  hint: a line itself is passed on: echo 'LINE' | kvm-check explain\n")

    def test_a_file_of_others_is_told_with_a_hint(self):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            skip(self, "needs root and setpriv to become another user")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            copy = pathlib.Path(shutil.copy(BINARY, folder))
            copy.chmod(0o755)
            log = pathlib.Path(folder, "log")
            log.write_text("kvm: disabled by bios\n", encoding="utf-8")
            log.chmod(0o600)
            done = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(copy), "explain",
                                   str(log)], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("Permission denied\n  hint: ", done.stderr)

    def test_closed_standard_input_is_an_error(self):
        done = run("explain", prefix=("sh", "-c", 'exec "$0" "$@" <&-'))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot read standard input", done.stderr)

    def test_garbage_is_taken_and_not_shown(self):
        noise = random.Random(7).randbytes(3 * MEBIBYTE)
        done = run("explain", text=noise)
        self.assertEqual(done.returncode, 1, done.stderr)
        hidden = b"\x00\x1b[31m\xff\xfekvm: disabled by bios \x1b]0;owned\x07\x9b2J\xc2\x9b\xe2\x80\xae\x08\r\n"
        done = run("explain", text=noise + b"\n" + hidden)
        self.assertEqual(done.returncode, 0)
        self.assertTrue(all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in done.stdout), done.stdout)
        record = validate(self, run("explain", "--json", text=hidden).stdout)
        self.assertEqual(record["causes"][0]["text"], "??kvm: disabled by bios ?2J???")

    def test_a_captured_word_cannot_smuggle_a_command(self):
        done = run("explain", text=b"already loaded vendor module '$(reboot)'\nalready loaded vendor module ';reboot'\n")
        self.assertEqual(done.returncode, 1)

    def test_long_logs_take_little_time_and_memory(self):
        line = b"[ 1234.567890] usb 1-1: new high-speed USB device number 5 using xhci_hcd, kvm: host: CPU: failed to be known\n"
        log = line * (20 * MEBIBYTE // len(line)) + b"kvm: disabled by bios\n"
        limit = 512 * MEBIBYTE if "asan" not in str(BINARY) and "tidy" not in str(BINARY) else resource.RLIM_INFINITY
        start = time.monotonic()
        done = run("explain", "--json", text=log,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        took = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["causes"][0]["line"], log.count(b"\n"))
        self.assertLess(took, 10)

    def test_one_endless_line_is_cut(self):
        done = run("explain", "--json", text=b"x" * (20 * MEBIBYTE))
        record = validate(self, done.stdout)
        self.assertEqual((done.returncode, record["lines"], record["cut_lines"]), (1, 1, 1))

    def test_more_than_one_file_is_a_wrong_command_line(self):
        self.assertEqual(run("explain", "a", "b").returncode, 2)


class Catalogue(unittest.TestCase):
    def test_every_listed_check_can_be_shown(self):
        checks = validate(self, run("list", "--json").stdout)["checks"]
        listed = run("list").stdout.decode()
        earlier = set()
        for check in checks:
            self.assertIn(check["id"], listed)
            self.assertEqual(check["group"], check["id"].split(".")[0])
            self.assertLessEqual(set(check["depends_on"]), earlier)
            earlier.add(check["id"])
            shown = validate(self, run("show", "--json", check["id"]).stdout)
            self.assertEqual({key: shown[key] for key in check}, check)
            self.assertTrue(all(shown[key] for key in ("asks", "detected", "failure", "mends")), shown)
            self.assertIn(shown["title"], run("show", check["id"]).stdout.decode())

    def test_a_run_judges_what_is_listed(self):
        listed = [check["id"] for check in json.loads(run("list", "--json").stdout)["checks"]]
        with tempfile.TemporaryDirectory() as folder:
            record = json.loads(run("run", "--json", "--root", folder).stdout)
        self.assertEqual([check["id"] for check in record["checks"]],
                         [name for name in listed if not name.startswith(("openstack.", "cc."))], "those only on request")

    def test_a_mistyped_check_is_told_what_was_meant(self):
        done = run("show", "kvm.acess")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.decode(), "kvm-check: unknown check 'kvm.acess'\n  hint: did you mean 'kvm.access'?\n")
        self.assertIn("'kvm-check list'", run("show", "qqqqqqqqqqqq").stderr.decode())
        self.assertEqual(validate(self, run("show", "--json", "kvm.acess").stdout)["exit"], 2)

    def test_a_check_must_be_named(self):
        self.assertEqual(run("show").returncode, 2)


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if skipped else 0)
