# SPDX-License-Identifier: Apache-2.0
"""Changes with --persist: nothing is written before they are confirmed, whoever confirms them has the files written, and undoing
them puts the files back.
usage: keeping_test.py NET-SETUP SCHEMAS"""
import os
import pathlib
import subprocess

import lab
from etc_folder import changed, etc, own_etc
from kept_lab import INTERFACES, NETWORKD, STANZA, THERE, Keeping
from lab import ip, links, world


class Confirmed(Keeping):
    def test_nothing_is_written_before_somebody_confirms(self):
        run = self.ask()
        self.expect_nothing_written()
        said = self.expect("confirm", 0)
        self.assertIn("wrote /etc/systemd/network/10-net-setup-br0.network\n", said.stdout)
        self.assertIn("reboot-safe: yes\n", said.stdout)
        out, _ = run.communicate(timeout=20)
        self.assertEqual(run.returncode, 0)
        self.assertIn("reboot-safe: yes\n", out)
        self.expect_kept()

    def test_the_run_was_killed_while_it_waited(self):
        run = self.ask()
        run.kill()
        run.wait()
        self.assertIn("reboot-safe: yes\n", self.expect("confirm", 0).stdout)
        self.expect_kept()

    def test_packets_that_come_back_confirm_too(self):
        record = self.record("lan-bridge eth0 --confirm auto --persist auto --json")
        self.assertEqual((record["persistence"]["manager"], record["persistence"]["reboot_safe"]), ("networkd", True))
        self.assertEqual(record["persistence"]["links"], ["eth0", "br0"])
        self.expect_kept()

    def test_without_a_watchdog(self):
        record = self.record("bridge add br7 --address 198.51.100.1/24 --persist own --json")
        self.assertEqual((record["persistence"]["manager"], record["persistence"]["reboot_safe"]), ("none", False), "the lab's program lies in /run")
        doubt, = record["persistence"]["doubts"]
        self.assertEqual(doubt, f"at boot the unit runs {lab.TOOL}, which may be gone by then, or not there yet")
        self.assertTrue(os.path.exists("/etc/kvmkit/net-setup/br7.yml"))
        self.expect("bridge del br7", 0)
        self.assertFalse(os.path.exists("/etc/kvmkit/net-setup/br7.yml"))

    def test_a_state_file(self):
        pathlib.Path("/run/lab/one.yml").write_text(
            "interfaces:\n- name: br7\n  type: linux-bridge\n  state: up\n", encoding="ascii")
        done = self.expect("apply /run/lab/one.yml --confirm none --persist networkd", 0)
        self.assertIn("wrote /etc/systemd/network/10-net-setup-br7.netdev\n", done.stdout)
        again = self.expect("apply /run/lab/one.yml --confirm none --persist networkd", 0)
        self.assertNotIn("wrote", again.stdout)
        self.assertIn("reboot-safe: yes\n", again.stdout)
        self.expect("bridge del br7", 0)
        self.expect_all_back()

    def test_a_change_that_was_made_already_is_written_late(self):
        self.expect(THERE, 0)
        self.expect_nothing_written()
        self.assertIn("would write /etc/systemd/network/10-net-setup-br0.netdev\n",
                      self.expect(f"{THERE} --persist auto --dry-run", 1).stdout)
        self.expect_nothing_written()
        self.assertIn("reboot-safe: yes\n", self.expect(f"{THERE} --persist auto", 0).stdout)
        self.expect_kept()
        self.expect(f"{THERE} --persist auto --dry-run", 0)

    def test_a_folder_that_is_a_symbolic_link_is_followed(self):
        NETWORKD.rmdir()
        real = NETWORKD.with_name("real")
        real.mkdir()
        NETWORKD.symlink_to("real")
        try:
            self.expect(f"{THERE} --persist auto", 0)
            self.expect_kept()
            self.expect("undo", 0)
            self.assertEqual(list(real.iterdir()), [])
        finally:
            NETWORKD.unlink()
            real.rename(NETWORKD)


class NotConfirmed(Keeping):
    def test_rolled_back(self):
        run = self.ask()
        self.expect("rollback", 0)
        self.assertEqual(run.wait(20), 12)
        self.expect_all_back()

    def test_nobody_answers(self):
        self.assertEqual(self.ask(timeout="1s").wait(20), 12)
        self.expect_all_back()

    def test_without_the_option_it_says_what_keeps_it(self):
        done = self.expect(THERE, 0)
        self.assertIn("gone at the next boot; to keep it: net-setup persist br0\n", done.stderr)
        self.assertNotIn("next boot", self.expect(f"{THERE} --back --persist none", 0).stderr)
        self.expect_all_back()

    def test_a_confirmation_of_what_is_not_kept_says_so(self):
        self.ask("")
        self.assertIn("until the next boot: 'net-setup persist LINK' keeps it longer", self.expect("confirm", 0).stderr)
        self.expect_nothing_written()


class TakenBack(Keeping):
    def test_undo_puts_the_files_back(self):
        self.expect(f"{THERE} --persist auto", 0)
        self.expect_kept()
        self.expect("undo", 0)
        self.expect_all_back()

    def test_undo_puts_back_what_was_kept_later(self):
        self.expect(THERE, 0)
        self.expect("persist br0", 0)
        self.expect("undo", 0)
        self.expect_all_back()

    def test_undo_leaves_the_files_where_that_is_asked_for(self):
        self.expect(f"{THERE} --persist auto", 0)
        kept = etc()
        self.expect("undo --persist networkd", 2)
        self.expect("undo --persist none", 0)
        self.assertEqual(world(), self.world)
        self.assertEqual(changed(kept), [])

    def test_undo_touches_nothing_where_somebody_changed_a_file(self):
        self.expect(f"{THERE} --persist auto", 0)
        path = NETWORKD / "10-net-setup-br0.network"
        path.write_text(path.read_text(encoding="ascii") + "# mine\n", encoding="ascii")
        kept, now = etc(), world()
        done = self.expect("undo", 10)
        self.assertIn("cannot give '/etc/systemd/network/10-net-setup-br0.network' its old content back: somebody changed it",
                      done.stderr)
        self.assertEqual((changed(kept), world()), ([], now))

    def test_the_way_back_puts_the_old_stanza_back(self):
        self.own("ifupdown")
        self.expect(f"{THERE} --persist auto", 0)
        self.assertIn("#net-setup# iface eth0 inet static\n", INTERFACES.read_text(encoding="ascii"))
        self.expect("persist br0 --manager networkd", 0)
        done = self.expect(f"{THERE} --back", 0)
        self.assertIn("wrote /etc/network/interfaces\n", done.stdout)
        self.assertIn("removed /etc/systemd/network/10-net-setup-br0.netdev\n", done.stdout)
        self.assertIn("reboot-safe: yes\n", done.stdout)
        self.expect_all_back()

    def test_the_way_back_can_be_undone_with_its_files(self):
        self.expect(f"{THERE} --persist auto", 0)
        kept = etc()
        self.expect(f"{THERE} --back", 0)
        self.expect_all_back()
        self.expect("undo", 0)
        self.assertEqual(changed(kept), [])
        self.expect_kept()

    def test_folders_that_were_made_for_the_files_go_with_them(self):
        NETWORKD.rmdir()
        self.before = etc()
        self.expect(f"{THERE} --persist auto", 0)
        kept = etc()
        self.expect(f"{THERE} --back", 0)
        self.expect_all_back()
        self.expect("undo", 0)
        self.assertEqual(changed(kept), [])
        self.expect(f"{THERE} --back", 0)
        self.expect_all_back()

    def test_a_folder_that_was_made_for_the_files_stays_where_somebody_uses_it(self):
        NETWORKD.rmdir()
        self.expect(f"{THERE} --persist auto", 0)
        (NETWORKD / "20-mine.network").write_text("[Match]\nName=mine\n", encoding="ascii")
        self.expect(f"{THERE} --back", 0)
        self.assertEqual([path.name for path in NETWORKD.iterdir()], ["20-mine.network"])

    def test_the_way_back_of_what_was_never_kept_writes_nothing(self):
        self.expect(THERE, 0)
        self.assertIsNone(self.record(f"{THERE} --back --persist auto --json")["persistence"])
        self.expect_all_back()

    def test_a_bridge_whose_journal_is_gone(self):
        self.expect(f"{THERE} --persist auto", 0)
        subprocess.run(["rm", "-r", "/var/lib/kvmkit/txn/net-setup-files"], check=True)
        done = self.expect(f"{THERE} --back", 0)
        self.assertIn("reboot-safe: no (what was in place of /etc/systemd/network/10-net-setup-br0.netdev is not known",
                      done.stdout)
        self.expect_all_back()


class Refused(Keeping):
    def expect_refused(self, words, message, code=10):
        done = self.expect(words, code)
        self.assertIn(message, done.stderr)
        self.expect_all_back()

    def test_nobody_would_ask_for_the_lease(self):
        ip("addr flush dev eth0")
        ip("addr add 192.0.2.9/24 dev eth0 valid_lft 1000 preferred_lft 1000")
        self.world = world()
        self.expect_refused(f"{THERE} --persist own", "cannot keep link 'br0': nobody would ask for its DHCP lease at boot")

    def test_a_read_only_etc(self):
        subprocess.run(["mount", "-o", "remount,bind,ro", "/etc"], check=True)
        try:
            self.expect_refused(f"{THERE} --persist auto", "cannot write '/etc/systemd/network/10-net-setup")
        finally:
            subprocess.run(["mount", "-o", "remount,bind,rw", "/etc"], check=True)

    def test_a_file_that_is_a_symbolic_link(self):
        self.own("ifupdown")
        real = INTERFACES.with_name("real")
        INTERFACES.rename(real)
        INTERFACES.symlink_to("real")
        try:
            self.before = etc()
            self.expect_refused(f"{THERE} --persist auto",
                                "cannot change '/etc/network/interfaces': it is a symbolic link to 'real'")
        finally:
            INTERFACES.unlink()
            real.rename(INTERFACES)

    def test_another_network_namespace(self):
        self.expect_refused(f"{THERE} --netns lan --persist auto", "--persist does not go with --netns", 2)

    def test_an_unknown_manager(self):
        self.expect_refused(f"{THERE} --persist networkdd", "--persist does not know 'networkdd'", 2)


class Failing(Keeping):
    """Once the change is confirmed it stays, whatever becomes of the files."""

    def expect_not_kept(self, done, message):
        self.assertIn("reboot-safe: no (", done.stdout)
        self.assertIn(message, done.stderr)
        self.assertEqual(links()["eth0"].get("master"), "br0")

    def test_somebody_changes_a_file_meanwhile(self):
        self.own("ifupdown")
        self.ask()
        INTERFACES.write_text(STANZA + "# mine\n", encoding="ascii")
        theirs = etc()
        self.expect_not_kept(self.expect("confirm", 1),
                             "cannot keep '/etc/network/interfaces': somebody changed it since the change was made")
        self.assertEqual(changed(theirs), [])

    def test_the_disk_is_full(self):
        run = self.ask()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "full", str(NETWORKD)], check=True)
        try:
            (NETWORKD / "filler").write_bytes(b"x" * 4096)
            self.expect_not_kept(self.expect("confirm", 1), "No space left on device")
            self.assertEqual([path.name for path in NETWORKD.iterdir()], ["filler"])
        finally:
            subprocess.run(["umount", str(NETWORKD)], check=True)
        self.assertEqual(run.wait(20), 1)
        self.assertIn("reboot-safe: yes\n", self.expect("persist br0", 0).stdout)


lab.enter()
own_etc()
lab.run_tests()
