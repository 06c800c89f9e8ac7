# SPDX-License-Identifier: Apache-2.0
"""vm-run as a user without privilege: on a libvirt of that user's own, and on the host's, whose QEMU is another user."""
import grp
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import unittest

from host import VM_RUN, VmRunTest, make_image, processes, restart_libvirtd, virsh

USER = pwd.getpwnam("nobody")
HOME = pathlib.Path("/run/home-of-nobody")
STATE = HOME / ".local/state"
IDLE = ("--image", "/run/base.qcow2", "--memory", "32M", "--net", "none", "--wait", "none", "--accel", "tcg", "--add-disk", "1M")


def as_user(*words, groups=()):
    listed = ("--groups", ",".join(str(grp.getgrnam(name).gr_gid) for name in groups)) if groups else ("--clear-groups",)
    environment = {"PATH": os.environ["PATH"], "HOME": str(HOME), "XDG_RUNTIME_DIR": str(HOME / "run"),
                   "XDG_STATE_HOME": str(STATE), "LANG": "C.UTF-8"}
    return subprocess.run(["setpriv", "--reuid", str(USER.pw_uid), "--regid", str(USER.pw_gid), *listed, *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, env=environment, cwd="/",
                          check=False)


def of_user(name):
    return [pid for pid in processes(name) if os.stat(f"/proc/{pid}").st_uid == USER.pw_uid]


class PlainUser(VmRunTest):
    def setUp(self):
        super().setUp()
        make_image("/run/base.qcow2")
        shutil.rmtree(HOME, ignore_errors=True)
        for folder in (HOME, HOME / "run"):
            folder.mkdir(mode=0o700)
            os.chown(folder, USER.pw_uid, USER.pw_gid)
        self.addCleanup(self.end_daemons)

    @staticmethod
    def end_daemons():
        for name in ("qemu-system-x86", "libvirtd", "virtlogd"):
            for pid in of_user(name):
                os.kill(pid, signal.SIGKILL)

    def vm_run(self, code, *words, groups=()):
        done = as_user(VM_RUN, *words, groups=groups)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def files(self):
        return sorted(str(path) for path in STATE.rglob("*") if "/txn/" not in str(path) and path.is_file())

    def test_launches_lists_and_removes_on_a_libvirt_of_its_own(self):
        self.vm_run(0, "launch", "web", *IDLE)
        self.assertEqual(len(of_user("qemu-system-x86")), 1)
        self.assertIn("web", self.vm_run(0, "list").stdout)
        self.assertTrue(self.files())
        self.assertNotIn("web", virsh("list", "--all", "--name"))
        self.vm_run(0, "rm", "web", "--force")
        self.assertEqual(self.files(), [])
        self.assertEqual(of_user("qemu-system-x86"), [])
        self.assertEqual(as_user("virsh", "-q", "-c", "qemu:///session", "list", "--all", "--name").stdout.strip(), "")
        self.vm_run(0, "gc")

    def test_a_vm_of_one_libvirt_keeps_its_files_from_the_other(self):
        self.let_group_in()
        self.vm_run(0, "launch", "web", *IDLE)
        done = self.vm_run(10, "rm", "web", "--force", "--connect", "qemu:///system", groups=("libvirt",))
        self.assertIn("uses it", done.stderr)
        self.vm_run(0, "stop", "web", "--force", "--timeout", "0")
        done = self.vm_run(10, "rm", "web", "--force", "--connect", "qemu:///system", groups=("libvirt",))
        self.assertIn("VM 'web' at qemu:///session uses it", done.stderr)
        self.vm_run(0, "rm", "web", "--force")

    @staticmethod
    def let_group_in():
        settings = pathlib.Path("/etc/libvirt/libvirtd.conf")
        if "auth_unix_rw" not in settings.read_text().splitlines()[-1]:
            with settings.open("a") as file:
                file.write('\nunix_sock_group = "libvirt"\nunix_sock_rw_perms = "0770"\nauth_unix_ro = "none"\n'
                           'auth_unix_rw = "none"\n')
            restart_libvirtd()

    def test_a_home_that_keeps_qemu_out_is_told_before_anything_is_made(self):
        self.let_group_in()
        there = ("--connect", "qemu:///system")
        done = self.vm_run(3, "launch", "web", *IDLE, *there, groups=("libvirt",))
        self.assertIn(f"QEMU runs as user libvirt-qemu and cannot pass directory '{HOME}': Permission denied", done.stderr)
        self.assertIn("hint: use --connect qemu:///session", done.stderr)
        self.assertEqual(self.files(), [])
        os.chmod(HOME, 0o711)
        self.vm_run(0, "launch", "web", *IDLE, *there, groups=("libvirt",))
        self.vm_run(0, "rm", "web", "--force", *there, groups=("libvirt",))
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
