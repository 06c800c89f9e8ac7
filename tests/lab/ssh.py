# SPDX-License-Identifier: Apache-2.0
"""A host's ssh server, reached through a port of 127.0.0.1, with a key that was made for this run."""
import base64
import os
import socket
import subprocess
import time
from pathlib import Path

from isolation import die_with_parent

CONNECTION_LOST = 255  # as ssh(1) says it; a command may answer the same
GREETING = b"SSH-"
GREETING_SECONDS, CONNECT_SECONDS = 20, 1


class Ssh:
    def __init__(self, folder: Path, port: int = 0):
        self.folder, self.port, self.key = folder, port, folder / "key"
        self.greeter, self.patience = None, 0.0

    def make_key(self) -> str:
        """The words for a QEMU host that hand the key to its systemd, which puts it where the ssh server looks."""
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", self.key], check=True)
        text = base64.b64encode(self.key.with_suffix(".pub").read_bytes()).decode()
        return f"type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root={text}"

    def answers(self) -> bool:
        """Whether a server speaks there. QEMU takes every connection, also before the host can, and a busy host takes its time:
        each connection is given some before another is tried."""
        if self.greeter is None or time.monotonic() > self.patience:
            self.hang_up()
            self.patience = time.monotonic() + GREETING_SECONDS
        try:
            if self.greeter is None:
                self.greeter = socket.create_connection(("127.0.0.1", self.port), CONNECT_SECONDS)
                self.greeter.setblocking(False)
            said = self.greeter.recv(len(GREETING))
        except BlockingIOError:
            return False
        except OSError:
            said = b""
        self.hang_up()
        return said == GREETING

    def hang_up(self) -> None:
        if self.greeter is not None:
            self.greeter.close()
        self.greeter = None

    def words(self, *options: str) -> list:
        """The host's key is not known, but nobody else can hold this port while QEMU runs."""
        return ["ssh", "-F", "none", "-E", str(self.folder / "ssh.log"), "-i", str(self.key), "-p", str(self.port), *options,
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
                "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=30", "root@127.0.0.1"]

    def start(self, command: str, stdin, stdout, stderr, terminal: bool = False) -> subprocess.Popen:
        parent = os.getpid()
        return subprocess.Popen([*self.words("-t" if terminal else "-T"), command], stdin=stdin, stdout=stdout, stderr=stderr,
                                preexec_fn=lambda: die_with_parent(parent))

    def ask(self, command: str, seconds: float) -> str:
        """What the command prints; "" where it fails or does not end in time."""
        try:
            return subprocess.run([*self.words(), command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  check=True, timeout=seconds).stdout.strip()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return ""
