# SPDX-License-Identifier: Apache-2.0
"""Cases of root's login by ssh: a real sshd on 127.0.0.1 of a network namespace, and real logins."""
import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

from machine import Machine
from wait import wait_until
from schema import check

DROP_IN = "etc/ssh/sshd_config.d/00-kvmkit-root-login.conf"
VENDOR = "etc/ssh/sshd_config.d/50-vendor.conf"
STEPS = 4  # keep, write, ask, reload


class Host:
    """A machine with an sshd that refuses root, and a key of root's."""

    def __init__(self, machine: Machine) -> None:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        self.machine, self.root = machine, machine.root
        (self.root / "run/sshd").mkdir(mode=0o755)
        (self.root / VENDOR).write_text("PermitRootLogin no\n")
        folder = self.root / "root/.ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chmod(self.root / "root", 0o700)
        assert machine.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/key").code == 0
        self.keys = folder / "authorized_keys"
        self.keys.write_text((self.root / "key.pub").read_text())
        os.chmod(self.keys, 0o600)
        self.daemon = machine.start("/usr/sbin/sshd", "-D", "-o", "ListenAddress=127.0.0.1", "-o", "Port=2222")
        wait_until(lambda: (self.root / "run/sshd.pid").exists(), "sshd did not start")

    def login(self, *words: str):
        return self.machine.run("ssh", "-p", "2222", "-i", "/key", "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes", "-o",
                                "ConnectTimeout=10", "root@127.0.0.1", *words)

    def begin(self, *words: str, command: tuple = ("ssh-root",), **environment: str) -> subprocess.Popen:
        """ssh-root, up to where it waits for a confirmation."""
        process = self.machine.start("/host-setup", *command, *words, **environment)
        for line in process.stderr:
            print(line, end="")
            if "from a new login keeps it" in line:
                return process
        raise AssertionError(f"ended with {process.wait()} before it waited")

    def answer(self, address: str = "203.0.113.9") -> str:
        out = self.machine.run("/usr/sbin/sshd", "-T", "-C", f"user=root,host=x,addr={address}").out
        return next(line.split()[1] for line in out.splitlines() if line.startswith("permitrootlogin "))

    def pid(self) -> int:
        wait_until(lambda: (self.root / "run/sshd.pid").exists(), "sshd has no pid file")
        return int((self.root / "run/sshd.pid").read_text())

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.daemon.kill()
        self.daemon.wait()


def host_of(case):
    def run(machine: Machine) -> None:
        host = Host(machine)
        try:
            case(machine, host)
        finally:
            host.close()
    run.__name__ = case.__name__
    return run


@host_of
def root_logs_in_and_confirms(machine: Machine, host: Host) -> None:
    pid = host.pid()
    assert host.login("true").code == 255, "the vendor's setting refuses root"
    waiting = host.begin("--confirm-within", "60s")
    same = machine.setup("confirm")
    assert same.code == 10 and "this is the login that made the change" in same.err and "another connection" in same.err
    assert waiting.poll() is None
    inside = host.login("/host-setup", "confirm")
    assert inside.code == 0 and "kept: " in inside.out, inside
    assert waiting.wait(timeout=20) == 0
    assert host.pid() == pid and host.answer() == "without-password" and host.login("true").code == 0
    assert "PermitRootLogin prohibit-password" in (host.root / DROP_IN).read_text()
    again = machine.setup("ssh-root", "--json")
    check(again.record)
    assert again.code == 0 and not again.record["changed"]
    listed = machine.setup("history", "--json").record
    check(listed)
    assert listed["changes"][-1]["state"] == "confirmed"

    back = machine.setup("rollback")
    assert back.code == 0 and not (host.root / DROP_IN).exists()
    assert host.login("true").code == 255 and host.pid() == pid, "sshd was asked to read its files again"


@host_of
def nobody_confirms_and_it_is_undone(machine: Machine, host: Host) -> None:
    done = machine.setup("ssh-root", "--confirm-within", "2s")
    assert done.code == 12 and "nobody confirmed the change within 2 s: it is undone" in done.err and "hint: log in anew" in done.err
    assert not (host.root / DROP_IN).exists() and host.login("true").code == 255
    late = machine.setup("confirm")
    assert late.code == 3 and "no change waits for an answer" in late.err and "host-setup history" in late.err
    asked = host.begin("--confirm-within", "60s")
    undone = machine.setup("rollback", "--json")
    check(undone.record)
    assert undone.code == 0 and undone.record["notes"] == [] and asked.wait(timeout=20) == 12 and not (host.root / DROP_IN).exists()
    asked = host.begin("--confirm-within", "60s")
    other = machine.setup("apply", "hypervisor")
    assert other.code == 11, "the change on trial keeps the lock"
    asked.send_signal(signal.SIGINT)
    assert asked.wait(timeout=20) == 12 and not (host.root / DROP_IN).exists()


@host_of
def a_killed_change_is_undone(machine: Machine, host: Host) -> None:
    for step in range(STEPS):
        for moment in ("before", "after"):
            killed = machine.setup("ssh-root", "--confirm-within", "60s", KVMKIT_FAULT=f"kill:{moment}:{step}")
            assert killed.code == -signal.SIGKILL
            wait_until(lambda: not (host.root / "run/kvmkit/watchdog.host-setup").exists(), "the watchdog did not end")
            assert not (host.root / DROP_IN).exists() and host.answer() == "no", (moment, step)
            failed = machine.setup("ssh-root", "--confirm-within", "60s", KVMKIT_FAULT=f"fail:{moment}:{step}")
            assert failed.code == 3 and "fault hook" in failed.err and not (host.root / DROP_IN).exists()
    assert "nothing to resume" in machine.setup("resume").out
    waiting = host.begin("--confirm-within", "4s")
    waiting.kill()
    waiting.wait()
    assert (host.root / DROP_IN).exists(), "made, and on trial"
    wait_until(lambda: not (host.root / DROP_IN).exists(), "the watchdog did not undo it in time")
    assert host.login("true").code == 255
    unwatched = host.begin("--confirm-within", "60s")
    watchdog = Path(f"/proc/{unwatched.pid}/task/{unwatched.pid}/children").read_text().split()
    os.kill(int(watchdog[0]), signal.SIGKILL)
    _, told = unwatched.communicate(timeout=20)
    assert unwatched.returncode == 12 and "the watchdog has died: the change is undone" in told, told
    assert not (host.root / DROP_IN).exists() and host.login("true").code == 255


@host_of
def what_would_not_help_is_refused(machine: Machine, host: Host) -> None:
    for words, message in (
            (("--permit", "yes"), "say from where: --from 192.0.2.0/24"),
            (("--permit", "yes", "--from", "192.0.2.0/33"), "'192.0.2.0/33' is no range of addresses"),
            (("--permit", "maybe"), "cannot let root log in by 'maybe'"),
            (("--confirm-within", "0s"), "--confirm-within takes 1 second to 24 hours")):
        wrong = machine.setup("ssh-root", *words)
        assert wrong.code == 2 and message in wrong.err, wrong
    key = host.keys.read_text()
    host.keys.write_text('no-port-forwarding,command="echo log in as another; exit 142" ' + key)
    forced = machine.setup("ssh-root")
    assert forced.code == 10 and "as cloud-init sets it up" in forced.err
    host.keys.write_text("# none\n")
    none = machine.setup("ssh-root")
    assert none.code == 10 and "there is none in /root/.ssh/authorized_keys" in none.err and "ssh-copy-id" in none.err
    host.keys.write_text(key)
    as_nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", "ssh-root")
    assert as_nobody.code == 3 and "only root may" in as_nobody.err
    (host.root / VENDOR).write_text("PermitRootLogin no\nNonsense yes\n")
    broken = machine.setup("ssh-root")
    assert broken.code == 3 and "Bad configuration option: Nonsense" in broken.err and "sshd -t" in broken.err
    assert not (host.root / DROP_IN).exists()
    (host.root / "usr/sbin/sshd").rename(host.root / "usr/sbin/sshd.away")
    absent = machine.setup("ssh-root")
    assert absent.code == 3 and "there is no sshd" in absent.err and "apt-get install openssh-server" in absent.err


@host_of
def a_component_of_apply_lets_root_in_last(machine: Machine, host: Host) -> None:
    device = host.root / "dev/kvm"
    assert machine.run("groupadd", "--system", "kvm").code == 0

    def opened() -> bool:
        return device.stat().st_mode & 0o777 == 0o660

    stray = machine.setup("apply", "modules", "--ssh-root", "yes")
    assert stray.code == 2 and "--ssh-root belongs to component ssh-root" in stray.err
    wide = machine.setup("apply", "modules", "ssh-root", "--ssh-root", "yes")
    assert wide.code == 2 and "say from where" in wide.err
    key = host.keys.read_text()
    host.keys.write_text("")
    none = machine.setup("apply", "modules", "ssh-root")
    assert none.code == 10 and "there is none in /root/.ssh/authorized_keys" in none.err and not opened(), "told before anything is touched"
    host.keys.write_text(key)
    plan = machine.setup("plan", "modules", "ssh-root", "--json")
    check(plan.record)
    assert [step["kind"] for step in plan.record["steps"]] == [
        "grant-device", "reload-on-undo", "set-file", "prove-root-login", "reload-service"]
    assert plan.record["steps"][-1]["text"] == "have ssh.service read its settings again"
    units = [host.root / "usr/lib/systemd/system" / name for name in ("ssh.service", "sshd.service")]
    units[0].rename(units[1])
    elsewhere = machine.setup("plan", "ssh-root", "--json").record
    assert elsewhere["steps"][-1]["text"] == "have sshd.service read its settings again", "as RHEL and SUSE have it"
    units[1].rename(units[0])
    folder = host.root / "run/sshd"
    folder.rmdir()
    asleep = machine.setup("plan", "ssh-root", "--json").record
    check(asleep)
    assert not folder.exists(), "a plan made a folder"
    assert any("it answers only where /run/sshd is there" in note for note in asleep["notes"]) and asleep["steps"] == plan.record["steps"][1:]
    folder.mkdir()
    nobody = machine.run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/host-setup", "plan", "ssh-root")
    assert "ssh-root is left out of this plan" in nobody.out

    late = machine.setup("apply", "modules", "ssh-root", "--confirm-within", "2s")
    assert late.code == 12 and "nobody confirmed the change within 2 s: it is undone" in late.err, late
    assert "all else is made and stays: transaction " in late.err and opened() and not (host.root / DROP_IN).exists()
    assert machine.setup("rollback").code == 0 and not opened()

    killed = machine.setup("apply", "modules", "ssh-root", KVMKIT_FAULT="kill:after:1")
    assert killed.code == -signal.SIGKILL
    wait_until(lambda: not (host.root / "run/kvmkit/watchdog.host-setup").exists(), "the watchdog did not end")
    assert host.answer() == "no" and opened() and not (host.root / DROP_IN).exists(), "the first transaction was done"
    assert machine.setup("rollback").code == 0 and not opened()

    saved = machine.setup("plan", "modules", "ssh-root", "-o", "/plan.json")
    assert saved.code == 1
    waiting = host.begin("--json", command=("apply", "--plan", "/plan.json"))
    assert opened()
    inside = host.login("/host-setup", "confirm", "--json")
    assert inside.code == 0 and inside.record["end"] == "kept", inside
    check(inside.record)
    out, _ = waiting.communicate(timeout=20)
    record = json.loads(out)
    check(record)
    assert waiting.returncode == 0 and record["changed"] and record["root_login"]["changed"]
    assert record["transaction"] != record["root_login"]["transaction"]
    again = machine.setup("apply", "modules", "ssh-root", "--json").record
    check(again)
    assert not again["changed"] and not again["root_login"]["changed"] and host.login("true").code == 0


@host_of
def what_beats_it_is_named(machine: Machine, host: Host) -> None:
    first = host.root / "etc/ssh/sshd_config.d/00-first.conf"
    first.write_text("# mine\nPermitRootLogin no\n")
    done = machine.setup("ssh-root")
    assert done.code == 12 and "sshd answers PermitRootLogin no" in done.err, done
    assert "it is set at /etc/ssh/sshd_config.d/00-first.conf:2: PermitRootLogin no" in done.err
    assert "and at /etc/ssh/sshd_config.d/50-vendor.conf:1: PermitRootLogin no" in done.err
    assert not (host.root / DROP_IN).exists() and first.read_text() == "# mine\nPermitRootLogin no\n"


@host_of
def a_range_is_let_in_alone(machine: Machine, host: Host) -> None:
    (host.root / "etc/ssh/sshd_config.d/60-more.conf").write_text("PasswordAuthentication no\nAllowUsers admin\n")
    waiting = host.begin("--permit", "yes", "--from", "192.0.2.0/24", "--confirm-within", "60s")
    assert host.answer("192.0.2.7") == "yes" and host.answer() == "no"
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=20) == 12
    told = machine.setup("ssh-root", "--permit", "yes", "--from", "any", "--confirm-within", "1s")
    for sentence in ("root's password is locked", "PasswordAuthentication is no", "AllowUsers does not name root"):
        assert f"root may still be refused: {sentence}" in told.err, told


@host_of
def without_include_the_main_file_is_edited(machine: Machine, host: Host) -> None:
    main = host.root / "etc/ssh/sshd_config"
    before = "# caf\u00e9\nPermitRootLogin no\nUsePAM yes\nMatch User nobody\n    PermitRootLogin no\n"
    main.write_text(before)
    waiting = host.begin("--confirm-within", "60s")
    assert host.answer() == "without-password" and main.read_text().endswith(before)
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=20) == 12 and main.read_text() == before
    waiting = host.begin("--permit", "yes", "--from", "192.0.2.0/24", "--confirm-within", "60s")
    assert host.answer("192.0.2.7") == "yes" and host.answer() == "no"
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(timeout=20) == 12 and main.read_text() == before
