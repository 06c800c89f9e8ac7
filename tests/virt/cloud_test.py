# SPDX-License-Identifier: Apache-2.0
"""A real Debian with cloud-init: launched with a key, called by strict ssh, obeyed, and gone. Minutes under emulation."""
import os
import pathlib
import shutil
import socket
import subprocess
import time
import unittest

import dhcp
from host import VmRunTest, no_keys_of_the_caller, run, virsh, wait_for

IMAGE = pathlib.Path("/run/debian.qcow2")
HOME = pathlib.Path("/run/home")
BOOT_SECONDS = 900
ADDRESS = "192.0.2.5"
USER_DATA = """#cloud-config
runcmd:
  - echo theirs >> /run/ran
write_files:
  - path: /etc/theirs
    content: written by the user's own part
"""


def make_bridge():
    for words in (("link", "add", "br0", "type", "bridge"), ("addr", "add", "192.0.2.1/24", "dev", "br0"),
                  ("link", "set", "br0", "up")):
        subprocess.run(["ip", *words], check=True)
    dhcp.serve("br0", "192.0.2.1", ADDRESS)


def call(address):
    """As a DHCP server does before it gives an address away, so that the host's neighbour table knows it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.sendto(b"", (address, 9))


class CloudGuest(VmRunTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copy(os.environ["KVMKIT_CLOUD_GUEST"] + "/debian.qcow2", IMAGE)
        IMAGE.chmod(0o644)
        (HOME / ".ssh").mkdir(parents=True)
        no_keys_of_the_caller(HOME)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", HOME / ".ssh/id_ed25519"], check=True)
        make_bridge()

    def until_it_answers(self, name):
        end = time.monotonic() + BOOT_SECONDS
        while (done := run("exec", name, "--", "true")).returncode != 0:
            call(ADDRESS)
            self.assertLess(time.monotonic(), end, done.stderr)
            self.assertNotIn("Host key verification failed", done.stderr, "not even while it boots")
            time.sleep(3)

    def told_by(self, name, *words):
        return self.expect(0, "exec", name, "--", *words, timeout=300).stdout.strip()

    def test_launch_strict_ssh_exec_and_removal(self):
        theirs = pathlib.Path("/run/user-data")
        theirs.write_text(USER_DATA)
        record = self.expect_json(0, "launch", "web", "--image", str(IMAGE), "--memory", "768M", "--vcpus", "2", "--net",
                                  "bridge=br0", "--disk", "3G", "--add-disk", "64M,format=raw", "--run",
                                  "echo 'ours $HOME' >> /run/ran", "--user-data", str(theirs), "--user", "ada", "--wait",
                                  "cloud-init", "--timeout", str(BOOT_SECONDS), timeout=BOOT_SECONDS + 60)
        self.assertEqual(record["outcome"], "ready")
        self.assertEqual(record["seed"], {"user": "ada", "keys": 1, "key_made": False, "place": "file"})
        self.until_it_answers("web")
        self.told_by("web", "cloud-init", "status", "--wait")
        self.assertEqual(self.told_by("web", "hostname"), "web")
        self.assertEqual(self.told_by("web", "whoami"), "ada")
        self.assertEqual(self.told_by("web", "sudo", "-n", "id", "-u"), "0")
        self.assertEqual(self.told_by("web", "cat", "/run/ran"), "ours $HOME\ntheirs")
        self.assertEqual(self.told_by("web", "cat", "/etc/theirs"), "written by the user's own part")
        self.assertEqual(self.told_by("web", "printf", "%s|", "a b", "c'd", ""), "a b|c'd||")
        self.assertEqual(self.told_by("web", "cat", "/var/lib/cloud/data/instance-id"), record["uuid"])
        self.assertEqual(self.told_by("web", "cloud-id"), "nocloud")
        sizes = self.told_by("web", "lsblk", "-dbno", "NAME,SIZE").split()
        self.assertEqual(sizes[:4], ["vda", str(3 << 30), "vdb", str(64 << 20)])
        self.assertEqual(self.expect(0, "ssh", "web", "--", "echo", "$USER").stdout, "ada\n")
        self.expect(7, "exec", "web", "--", "sh", "-c", "exit 7")
        self.another_host_key_is_refused("web")
        self.expect(0, "rm", "web", "--force")

    def another_host_key_is_refused(self, name):
        known = pathlib.Path(f"/var/lib/kvmkit/vms/{name}/known_hosts")
        right = known.read_text()
        uuid = right.split()[0]
        public = subprocess.run(["ssh-keygen", "-y", "-f", HOME / ".ssh/id_ed25519"], capture_output=True, text=True,
                                check=True).stdout
        known.write_text(f"{uuid} {public}")
        self.assertIn("Host key verification failed", self.expect(255, "exec", name, "--", "true").stderr)
        known.write_text(right)

    def test_a_foreground_vm_reads_its_seed_from_memory(self):
        process = self.start("launch", "try", "--image", str(IMAGE), "--memory", "768M", "--vcpus", "2", "--net",
                             "bridge=br0", "--rm", "--wait", "none", "--json")
        wait_for("the VM is there", lambda: "try" in virsh("list", "--name").split(), 60)
        self.expect(0, "wait", "try", "--for", "ssh", "--timeout", str(BOOT_SECONDS), timeout=BOOT_SECONDS + 60)
        self.until_it_answers("try")
        self.assertEqual(self.told_by("try", "whoami"), "kvmkit")
        self.assertFalse(pathlib.Path("/var/lib/kvmkit/vms/try/seed.iso").exists())
        process.kill()
        process.wait(timeout=10)
        self.wait_until_unchanged("killed, it leaves nothing")


if __name__ == "__main__":
    unittest.main(verbosity=2)
