# SPDX-License-Identifier: Apache-2.0
"""vm-run with Debian's own guest agent in the guest: agent_test.py AGENT_DIR, which agent_guest.py has filled."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from host import BOOT_SECONDS, VM_RUN, VmRunTest, cmdline, run, virsh, wait_for

AGENT = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("build/agent-guest")
INITRD = pathlib.Path("/run/agent-initrd")
GUEST = ("--kernel", "/run/guest/vmlinuz", "--initrd", str(INITRD), "--memory", "256M")


def setUpModule():
    INITRD.write_bytes(pathlib.Path("/run/guest/initrd").read_bytes() + (AGENT / "initrd").read_bytes())


def by_agent(*words, **options):
    return run("exec", "web", "--via", "agent", "--", *words, **options)


class InTheGuest(VmRunTest):
    """One VM for all of them: on a bridge where nobody answers DHCP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
        done = run("launch", "web", *GUEST, *cmdline("kvmkit.name=web kvmkit.mode=no-dhcp"), "--net", "bridge=br0", "--wait",
                   "agent", "--timeout", str(BOOT_SECONDS), "--json")
        cls.launched = json.loads(done.stdout) if done.stdout else done.stderr

    @classmethod
    def tearDownClass(cls):
        run("rm", "web", "--force")
        subprocess.run(["ip", "link", "del", "br0"], check=True)

    def test_the_launch_waits_for_the_agent(self):
        self.assertEqual((self.launched["outcome"], self.launched["wait"]), ("ready", "agent"), self.launched)
        self.assertEqual(self.expect_json(0, "wait", "web", "--for", "agent")["outcome"], "ready")

    def test_what_a_program_prints_and_its_exit_status_are_ours(self):
        done = by_agent("sh", "-c", "echo out; echo err >&2; exit 7")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, "out\n", "err\n"))

    def test_each_word_reaches_the_program_as_it_is(self):
        words = ("a b", "'\"", "$HOME", "", "*", "\u00fc\n")
        done = by_agent("printf", "[%s]", *words)
        self.assertEqual((done.returncode, done.stdout), (0, "".join(f"[{word}]" for word in words)), done.stderr)

    def test_without_a_seed_the_agent_is_the_way_in(self):
        self.assertEqual(run("exec", "web", "--", "cat", "/proc/sys/kernel/hostname").stdout, "web\n")

    def test_an_end_by_signal_is_told_as_a_shell_does(self):
        self.assertEqual(by_agent("sh", "-c", "kill -TERM $$").returncode, 128 + signal.SIGTERM)

    def test_a_program_that_is_not_there_is_told(self):
        done = by_agent("no-such-program")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("cannot run 'no-such-program' in VM 'web': the guest has no such program", done.stderr)

    def test_much_output_comes_whole(self):
        done = by_agent("seq", "200000")
        self.assertEqual((done.returncode, done.stdout), (0, "".join(f"{n}\n" for n in range(1, 200001))))

    def test_ctrl_c_leaves_the_program_in_the_guest_running(self):
        process = self.start("exec", "web", "--via", "agent", "--", "sleep", "1234")
        wait_for("it runs", lambda: by_agent("pidof", "sleep").returncode == 0)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("the program in the guest goes on", err)
        self.assertEqual(by_agent("killall", "sleep").returncode, 0)

    def test_an_address_that_only_the_agent_knows_is_found(self):
        self.addCleanup(by_agent, "ip", "address", "flush", "dev", "eth0")
        done = by_agent("ip", "address", "add", "192.0.2.77/24", "dev", "eth0")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = self.expect_json(0, "ip", "web", "--wait", "--timeout", "20")["address"]
        self.assertEqual((found["ip"], found["source"]), ("192.0.2.77", "agent"))
        for _ in range(3):
            self.assertEqual(self.expect(0, "ip", "web").stdout, "192.0.2.77\n", "without --wait, too")


@unittest.skipUnless(os.path.exists("/usr/bin/swtpm") and list(pathlib.Path("/usr/share/qemu/firmware").glob("*.json")),
                     "no OVMF or no swtpm here: apt-get install ovmf swtpm")
class HardwareFromWithin(VmRunTest):
    def test_firmware_keys_tpm_and_share_are_there(self):
        self.addCleanup(run, "rm", "web", "--force")
        shared = pathlib.Path("/run/shared")
        shared.mkdir(exist_ok=True)
        (shared / "file").write_text("from the host\n")
        self.expect(0, "launch", "web", *GUEST, *cmdline("kvmkit.name=web"), "--net", "none", "--uefi=secure", "--tpm", "--share",
                    f"{shared}:data", "--numa", "0", "--wait", "agent", "--timeout", "100", timeout=120)
        self.assertEqual(by_agent("cat", "/sys/class/tpm/tpm0/tpm_version_major").stdout, "2\n")
        done = by_agent("sh", "-c", "mkdir -p /run/efi /run/data; mount -t efivarfs efi /run/efi; mount -t virtiofs data /run/data; "
                        "cat /run/data/file; echo from the guest > /run/data/back; "
                        "tail -c 1 /run/efi/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c | od -An -tu1")
        self.assertEqual((done.returncode, done.stdout.split()), (0, ["from", "the", "host", "1"]), done.stderr)
        self.assertEqual((shared / "back").read_text(), "from the guest\n")
        self.expect(0, "rm", "web", "--force")


class OtherAgents(VmRunTest):
    def launch(self, words=""):
        self.addCleanup(run, "rm", "web", "--force")
        self.expect(0, "launch", "web", *GUEST, *cmdline(f"kvmkit.name=web {words}"), "--net", "none", "--wait", "agent",
                    "--timeout", str(BOOT_SECONDS))

    def test_one_that_may_not_run_programs_is_told(self):
        self.launch("agent=--blacklist=guest-exec")
        done = by_agent("true")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("the guest agent in VM 'web' may not run programs\n  hint: allow guest-exec in the guest", done.stderr)
        self.expect(0, "rm", "web", "--force")

    def test_one_that_goes_away_while_a_program_runs_is_told(self):
        self.launch()
        done = by_agent("sh", "-c", "poweroff -f; sleep 60", timeout=60)
        self.assertEqual((done.returncode, done.stdout), (21, ""), done.stderr)
        self.assertIn("VM 'web' ended while the program ran", done.stderr)
        self.expect(0, "rm", "web", "--force")

    def test_one_that_hangs_is_told_and_keeps_nobody_waiting(self):
        self.launch()
        self.start("exec", "web", "--via", "agent", "--", "killall", "-STOP", "qemu-ga")
        answers = []

        def hangs():
            answers.append(by_agent("true", timeout=60))
            return "the guest agent in VM 'web' does not answer" in answers[-1].stderr

        wait_for("it hangs", hangs, 60)
        done = answers[-1]
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("it may hang", done.stderr)
        self.assertEqual(virsh("domstate", "web").strip(), "running")
        self.expect(0, "rm", "web", "--force")


if __name__ == "__main__":
    unittest.main(verbosity=2)
