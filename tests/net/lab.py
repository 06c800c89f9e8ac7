# SPDX-License-Identifier: Apache-2.0
"""A place for tests of net-setup: a network namespace with nothing but lo, and a /run and /var/lib of its own, so that
nothing of the host is touched and several may run at once. enter() restarts the script inside."""
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import unittest

MARK = "KVMKIT_NET_LAB"
TOOL = "/run/lab/net-setup"


def cannot_run(reason):
    must = os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1"
    print(f"{'FAILED' if must else 'skipped'}: {reason}")
    sys.exit(1 if must else 77)


def enter():
    """Call it first: what follows runs in the lab."""
    if os.geteuid() != 0:
        cannot_run("network and mount namespaces need root")
    if MARK not in os.environ:
        words = ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        os.execvpe(words[0], words, {**os.environ, MARK: "1"})
    for folder in ("/run", "/var/lib"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "lab", folder], check=True)
    pathlib.Path(TOOL).parent.mkdir(mode=0o755)
    shutil.copy(sys.argv[1], TOOL)  # where every user can reach it


def run_tests():
    sys.exit(not unittest.main(argv=sys.argv[:1], exit=False, verbosity=1).result.wasSuccessful())


def ip(words):
    subprocess.run(["ip", *words.split()], check=True)


def links(namespace=None):
    """What ip(8), an independent eye, sees: name -> record."""
    where = ["-n", namespace] if namespace else []
    seen = subprocess.run(["ip", *where, "-j", "-d", "addr", "show"], check=True, capture_output=True, text=True).stdout
    return {link["ifname"]: link for link in json.loads(seen)}


def world():
    """The same, without what changes by itself."""
    return {
        name: {
            "kind": link.get("linkinfo", {}).get("info_kind"),
            "mac": link.get("address"),
            "up": "UP" in link["flags"],
            "mtu": link["mtu"],
            "master": link.get("master"),
            "group": link.get("group"),
            "addresses": [f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"] if a["scope"] != "link"],
        }
        for name, link in links().items()
    }


class Lab(unittest.TestCase):
    """Each test begins with lo, p0 (down) and its far end p1 (up), and no state of net-setup."""

    maxDiff = None

    def setUp(self):
        ip("link add p0 type veth peer name p1")
        ip("link set p1 up")

    def tearDown(self):
        for name in links():
            if name != "lo":
                subprocess.run(["ip", "link", "del", name], stderr=subprocess.DEVNULL, check=False)
        for folder in ("/run/kvmkit", "/var/lib/kvmkit"):
            shutil.rmtree(folder, ignore_errors=True)

    def tool(self, words, fault=None, prefix=()):
        environment = {**os.environ, **({"KVMKIT_FAULT": fault} if fault else {})}
        return subprocess.run([*prefix, TOOL, *words.split()], capture_output=True, text=True, timeout=60,
                              env=environment, check=False)

    def expect(self, words, code, **how):
        """Runs it and checks the exit code; returns what it printed."""
        done = self.tool(words, **how)
        self.assertEqual(done.returncode, code, f"net-setup {words}\n{done.stdout}{done.stderr}")
        return done

    def expect_refusal(self, words, code, message, hint):
        """It fails with this message and hint, and leaves the world as it was."""
        before = world()
        done = self.expect(words, code)
        self.assertEqual(done.stderr, f"net-setup: {message}\n  hint: {hint}\n")
        self.assertEqual(done.stdout, "")
        self.assertEqual(world(), before)

    def wait_for(self, reached, what, seconds=15):
        deadline = time.monotonic() + seconds
        while not reached():
            self.assertLess(time.monotonic(), deadline, f"{what} did not come")
            time.sleep(0.02)

    def wait_for_the_lock(self):
        """A watchdog holds it until its work is done."""
        def free():
            try:
                with open("/run/kvmkit/lock.net-setup", encoding="utf-8") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
            except (FileNotFoundError, BlockingIOError) as problem:
                return isinstance(problem, FileNotFoundError)
        self.wait_for(free, "end of the watchdog")

    def record(self, words, code=0):
        """The one record of a --json run, checked against its schema."""
        done = self.expect(words, code)
        record = json.loads(done.stdout)
        try:
            import jsonschema
        except ImportError:
            if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1":
                raise
            return record
        name = record["schema"].replace("/", "-")
        schema = json.loads((pathlib.Path(sys.argv[2]) / f"{name}.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(record)
        return record
