# SPDX-License-Identifier: Apache-2.0
"""What the vm-run tests share: the tool, libvirtd, and a look at everything that a launch may leave behind. Runs inside
tests/support/private_host.py only."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
VM_RUN = os.environ.get("KVMKIT_VM_RUN", "vm-run")
GUEST = ("--kernel", "/run/guest/vmlinuz", "--initrd", "/run/guest/initrd", "--memory", "192M")
WATCHED = ("/run/kvmkit", "/var/lib/kvmkit", "/run/libvirt/qemu", "/var/lib/libvirt/images", "/var/lib/libvirt/qemu/nvram",
           "/var/lib/libvirt/swtpm")
BOOT_SECONDS = 60


def wait_for(what, condition, seconds=20):
    """Waits with a deadline for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def run(*words, timeout=90, env=None):
    return subprocess.run([VM_RUN, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                          errors="replace", env={**os.environ, **(env or {})})


def cmdline(words=""):
    # On a busy machine the emulated timer may come too late for the kernel, which then panics.
    return ("--cmdline", f"console=ttyS0 quiet no_timer_check {words}")


def virsh(*words):
    done = subprocess.run(["virsh", "-q", "-c", "qemu:///system", *words], capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise AssertionError(f"virsh {' '.join(words)}: {done.stderr}")
    return done.stdout


def start_libvirtd():
    if not processes("virtlogd"):
        subprocess.run(["virtlogd", "-d"], check=True, timeout=10)
    subprocess.run(["libvirtd", "-d"], check=True, timeout=10)
    wait_for("libvirtd answers", lambda: subprocess.run(
        ["virsh", "-c", "qemu:///system", "version"], capture_output=True, timeout=30).returncode == 0)


def restart_libvirtd():
    """Whatever it remembers is asked anew."""
    for pid in processes("libvirtd"):
        os.kill(pid, signal.SIGKILL)
    wait_for("libvirtd is gone", lambda: not libvirtd_runs())
    start_libvirtd()


def processes(name):
    """The pids of running (not dead) processes of that name."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().strip() == name and "State:\tZ" not in (folder / "status").read_text():
                found.append(int(folder.name))
        except OSError:
            pass
    return sorted(found)


def open_journals():
    """Transactions that are not at their end."""
    found = []
    for journal in pathlib.Path("/var/lib/kvmkit/txn/vm-run").glob("*/journal"):
        states = [json.loads(line)["state"] for line in journal.read_text().splitlines()
                  if line.startswith('{"state"')]
        if not states or states[-1] not in ("closed", "rolled-back"):
            found.append(journal.parent.name)
    return found


def libvirtd_runs():
    return bool(processes("libvirtd"))


def traces():
    """Everything that a launch could leave: domains, QEMU, files (its volumes are such), pools, links, open journals, guardians."""
    paths = [pathlib.Path(place, name) for top in WATCHED for place, _, names in os.walk(top) for name in names]
    files = [str(path) for path in paths if "/txn/" not in str(path) and "/autostarted" not in str(path)]
    files += [str(path) for path in pathlib.Path("/var/lib/kvmkit/vms").glob("*")]
    there = libvirtd_runs()
    return {"domains": sorted(virsh("list", "--all", "--name").split()) if there else [],
            "pools": sorted(virsh("pool-list", "--all", "--name").split()) if there else [],
            "links": sorted(os.listdir("/sys/class/net")),
            "qemu": processes("qemu-system-x86"),
            "files": sorted(files),
            "journals": open_journals(),
            "vm-run": processes("vm-run")}


def make_image(path, size="16M", kind="qcow2"):
    subprocess.run(["qemu-img", "create", "-q", "-f", kind, path, size], check=True, timeout=10)
    os.chmod(path, 0o644)


def no_keys_of_the_caller(home="/run/home"):
    """From now on vm-run's caller has a home without ssh keys and no agent."""
    pathlib.Path(home).mkdir(exist_ok=True)
    os.environ["HOME"] = str(home)
    for gone in ("SUDO_USER", "SSH_AUTH_SOCK"):
        os.environ.pop(gone, None)


def validate(record):
    import jsonschema
    name = record["schema"].replace("/", "-") + ".json"
    jsonschema.validate(record, json.loads((SOURCE / "docs/schema" / name).read_text()))
    for part in record.get("vms", []):
        for key in ("launch", "start"):
            if part.get(key):
                validate(part[key])


class VmRunTest(unittest.TestCase):
    """Each test leaves the host as it found it."""
    daemon = True
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if cls.daemon and not libvirtd_runs():
            start_libvirtd()

    def setUp(self):
        self.before = traces()

    def tearDown(self):
        self.doCleanups()
        self.assert_unchanged("after the test")

    def assert_unchanged(self, when):
        now = traces()
        self.assertEqual(now, self.before, when)

    def wait_until_unchanged(self, when, seconds=20):
        try:
            wait_for(when, lambda: traces() == self.before, seconds)
        except AssertionError:
            self.assert_unchanged(when)

    def expect(self, code, *words, **options):
        done = run(*words, **options)
        self.assertEqual(done.returncode, code, f"{words}\nstdout: {done.stdout}\nstderr: {done.stderr}")
        return done

    def expect_json(self, code, *words, **options):
        done = self.expect(code, *words, "--json", **options)
        record = json.loads(done.stdout)
        validate(record)
        return record

    def start(self, *words, env=None):
        """A vm-run in the background with its output in pipes, ended after the test."""
        process = subprocess.Popen([VM_RUN, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)


# Of an image that holds nothing: QEMU runs, and its firmware finds nothing to boot.
IDLE = ("--image", "/run/base.img", "--memory", "32M", "--net", "none", "--wait", "none", "--accel", "tcg")


class IdleVmTest(VmRunTest):
    """With that image; no VM outlives the test."""

    def setUp(self):
        pathlib.Path("/run/base.img").write_bytes(bytes(1 << 20))
        super().setUp()
        self.addCleanup(self.remove_all)

    @staticmethod
    def remove_all():
        for name in virsh("list", "--all", "--name").split():
            run("rm", name, "--force")
