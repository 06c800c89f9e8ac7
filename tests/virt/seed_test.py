# SPDX-License-Identifier: Apache-2.0
"""The cloud-init seed as vm-run makes it: what lies on the disk, who may read it, and everything that keeps it from being
made. No guest boots: see cloud_test.py."""
import json
import os
import pathlib
import subprocess
import unittest

from host import GUEST, VmRunTest, make_image, no_keys_of_the_caller, processes, virsh, wait_for

BASE = "/run/base.qcow2"
IMAGE = ("--image", BASE, "--memory", "32M", "--net", "none", "--wait", "none")
FOLDER = pathlib.Path("/var/lib/kvmkit/vms/web")
HOME = pathlib.Path("/run/home")


def make_key(name="id_ed25519"):
    (HOME / ".ssh").mkdir(exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", HOME / ".ssh" / name], check=True)
    return (HOME / ".ssh" / f"{name}.pub").read_text().strip()


def forget_keys():
    for path in (HOME / ".ssh").glob("*"):
        path.unlink()


class SeedTest(VmRunTest):
    def setUp(self):
        make_image(BASE)
        no_keys_of_the_caller(HOME)
        forget_keys()
        super().setUp()

    def launch(self, *words, code=0, json_record=False):
        call = self.expect_json if json_record else self.expect
        return call(code, "launch", "web", *IMAGE, *words)

    def seed_bytes(self):
        return (FOLDER / "seed.iso").read_bytes().decode("utf-8", "replace")


class Made(SeedTest):
    def test_it_is_a_read_only_virtio_disk_of_qemus_user_and_goes_with_the_vm(self):
        record = self.launch(json_record=True)
        self.assertEqual(record["seed"], {"user": "kvmkit", "keys": 1, "key_made": True, "place": "file"})
        seed = (FOLDER / "seed.iso").stat()
        self.assertEqual((seed.st_mode & 0o777, seed.st_uid), (0o600, (FOLDER / "disk.qcow2").stat().st_uid))
        xml = virsh("dumpxml", "web")
        self.assertIn("<target dev='vdb' bus='virtio'/>\n      <readonly/>", xml)
        self.assertIn("<entry name='serial'>ds=nocloud</entry>", xml)
        self.assertNotIn("ds=nocloud;s", xml)
        self.assertIn(record["uuid"], self.seed_bytes())
        self.assertEqual((FOLDER / "known_hosts").read_text().split()[:2], [record["uuid"], "ssh-ed25519"])
        self.assertEqual((FOLDER / "id_ed25519").stat().st_mode & 0o777, 0o600)
        self.assertEqual(list(FOLDER.glob("host_key*")), [], "the private host key is in the seed alone")
        self.expect(0, "rm", "web", "--force")
        self.assertFalse(FOLDER.exists())

    def test_in_the_foreground_it_lies_in_sealed_memory(self):
        process = self.start("launch", "web", *IMAGE, "--rm", "--json")
        wait_for("it runs", lambda: processes("qemu-system-x86") != self.before["qemu"])
        wait_for("it is told", lambda: '"schema"' in process.stdout.readline())
        self.assertFalse((FOLDER / "seed.iso").exists())
        qemu = processes("qemu-system-x86")[0]
        links = [os.readlink(path) for path in pathlib.Path(f"/proc/{qemu}/fd").iterdir()]
        self.assertIn("/memfd:kvmkit-seed (deleted)", links)
        self.assertIn("web", virsh("list", "--transient", "--name"), "nothing defined is left")
        os.kill(qemu, 9)
        wait_for("it has noticed", lambda: process.poll() is not None)
        self.wait_until_unchanged("QEMU was killed")

    def test_keys_come_from_where_they_were_wanted(self):
        first, second = make_key(), make_key("id_second")
        self.launch()
        told = self.seed_bytes()
        self.assertTrue(first in told and second in told)
        self.assertFalse((FOLDER / "id_ed25519").exists())
        self.assertIn(f'IdentityFile "{HOME}/.ssh/id_second"', (FOLDER / "ssh_config").read_text())
        self.expect(0, "rm", "web", "--force")
        self.launch("--ssh-key", f"{HOME}/.ssh/id_second", "--user", "ada")
        told = self.seed_bytes()
        self.assertTrue(first not in told and second in told)
        self.assertIn("User ada", (FOLDER / "ssh_config").read_text())
        self.expect(0, "rm", "web", "--force")
        self.launch("--ssh-key", "none")
        self.assertNotIn("authorized_keys", self.seed_bytes())
        self.expect(0, "rm", "web", "--force")

    def test_keys_of_an_agent(self):
        key = make_key()
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", "/run/agent"], stdout=subprocess.DEVNULL)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.terminate)
        wait_for("the agent answers", lambda: os.path.exists("/run/agent"))
        os.environ["SSH_AUTH_SOCK"] = "/run/agent"
        empty = self.launch("--ssh-key", "agent", code=3)
        self.assertIn("cannot use the keys of the ssh agent: it holds none\n  hint: add one: ssh-add", empty.stderr)
        subprocess.run(["ssh-add", "-q", HOME / ".ssh/id_ed25519"], check=True)
        forget_keys()
        self.launch("--ssh-key", "agent")
        self.assertIn(key, self.seed_bytes())
        self.expect(0, "rm", "web", "--force")

    def test_a_kernel_of_ones_own_gets_a_seed_only_on_request(self):
        record = self.expect_json(1, "launch", "web", *GUEST, "--image", BASE, "--dry-run")
        self.assertIsNone(record["seed"])
        record = self.expect_json(1, "launch", "web", *GUEST, "--image", BASE, "--run", "true", "--dry-run")
        self.assertEqual(record["seed"]["user"], "kvmkit")
        record = self.expect_json(1, "launch", "web", "--image", BASE, "--no-seed", "--dry-run")
        self.assertIsNone(record["seed"])

    def test_user_data_may_come_from_a_pipe(self):
        done = subprocess.run(["bash", "-c", f"{os.environ['KVMKIT_VM_RUN']} launch web {' '.join(IMAGE)} --dry-run --json "
                               "--user-data <(printf '#!/bin/sh\\ntrue\\n')"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(json.loads(done.stdout)["seed"])


class Refused(SeedTest):
    def test_before_anything_is_made(self):
        bad_key = pathlib.Path("/run/bad.pub")
        bad_key.write_text("ssh-ed25519 AAAAC3Nza\n")
        private = pathlib.Path("/run/private")
        private.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n")
        text = pathlib.Path("/run/text")
        text.write_text("users: []\n")
        for code, words, message in (
                (3, ("--ssh-key", "/run/none.pub"), "cannot open ssh key '/run/none.pub': No such file or directory"),
                (3, ("--ssh-key", "/run"), "cannot open ssh key '/run': it is not a plain file"),
                (3, ("--ssh-key", str(bad_key)), "line 1 holds a key that is cut short or damaged"),
                (3, ("--ssh-key", str(private)), "make the public half: ssh-keygen -y -f /run/private"),
                (3, ("--ssh-key", "agent"), "cannot use the keys of the ssh agent: no agent answers"),
                (2, ("--ssh-key", ""), "cannot open ssh key '': the name is empty"),
                (3, ("--user-data", "/run/none"), "cannot open user-data '/run/none': No such file or directory"),
                (3, ("--user-data", str(text)), "its first line is neither #cloud-config nor a script's #!"),
                (2, ("--user", "Ada"), "'Ada' is no user name"),
                (2, ("--hostname", "a_b"), "'a_b' is no host name"),
                (2, ("--package", "-y"), "'-y' is no package name"),
                (2, ("--run", " "), "the command is empty"),
                (2, ("--no-seed", "--user", "ada"), "--user needs the seed that --no-seed leaves out")):
            with self.subTest(words):
                self.assertIn(message, self.launch(*words, code=code).stderr)
                self.assert_unchanged("refused")

    def test_an_unreadable_file_is_told_to_a_plain_user(self):
        secret = pathlib.Path("/run/secret")
        secret.write_text("#cloud-config\n")
        secret.chmod(0o600)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", os.environ["KVMKIT_VM_RUN"],
                               "launch", "web", *IMAGE, "--user-data", str(secret)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("cannot open user-data '/run/secret': Permission denied", done.stderr)

    def test_where_ssh_keygen_is_missing(self):
        os.makedirs("/run/few", exist_ok=True)
        for program in ("qemu-img", "ip"):
            if not os.path.exists(f"/run/few/{program}"):
                os.symlink(f"/usr/bin/{program}", f"/run/few/{program}")
        done = self.expect(3, "launch", "web", *IMAGE, env={"PATH": "/run/few"})
        self.assertIn("hint: install it: apt-get install openssh-client; or launch with --no-seed", done.stderr)
        self.assert_unchanged("nothing is left")


class Login(SeedTest):
    def test_what_is_missing_is_named(self):
        for command in ("ssh", "exec"):
            self.assertIn("cannot find VM 'none'", self.expect(3, command, "none", "--", "true").stderr)
        self.assertIn("'vm-run exec' needs NAME -- COMMAND", self.expect(2, "exec", "none").stderr)
        self.launch("--no-seed")
        self.assertIn("it was launched without a cloud-init seed", self.expect(3, "ssh", "web").stderr)
        for words in ((), ("--via", "agent")):
            self.assertIn("no guest agent answers in VM 'web'\n  hint: install it in the guest",
                          self.expect(3, "exec", *words, "web", "--", "true").stderr)
        self.assertIn("'pigeon' is no way into a VM", self.expect(2, "exec", "--via", "pigeon", "web", "--", "true").stderr)
        self.expect(0, "rm", "web", "--force")
        done = self.expect(0, "launch", "web", "--image", BASE, "--memory", "32M", "--wait", "none")
        self.assertIn("nobody can log in as kvmkit: no call gets in by --net user; use --net user,fwd=2222:22,", done.stdout)
        self.assertIn("cannot call VM 'web': the VM is behind QEMU's own NAT: nobody can call it\n  hint: launch it with --net user,fwd=",
                      self.expect(3, "exec", "web", "--", "true").stderr)
        self.expect(0, "stop", "web", "--force", "--timeout", "0")
        self.assertIn("cannot call VM 'web': it does not run\n  hint: start it: vm-run start web",
                      self.expect(3, "ssh", "web").stderr)
        self.expect(0, "rm", "web")

    def test_an_address_that_nobody_knows(self):
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "br0"], check=True)
        done = self.expect(0, "launch", "web", "--image", BASE, "--memory", "32M", "--wait", "none", "--net", "bridge=br0")
        self.assertIn("  log in as kvmkit: vm-run ssh web\n", done.stdout)
        self.assertIn("cannot call VM 'web': the VM has no address yet: ", self.expect(3, "ssh", "web").stderr)
        self.expect(0, "rm", "web", "--force")


if __name__ == "__main__":
    unittest.main(verbosity=2)
