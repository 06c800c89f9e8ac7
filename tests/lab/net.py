# SPDX-License-Identifier: Apache-2.0
"""The host `net`: amd with the kernel's network modules and an ssh server on eth0, in a network that only the run can
reach. The client of a test runs on the other end of the cable: as an operator who may lose the host."""
import os
import subprocess
import sys
import time
from pathlib import Path

import borrowed
import packages
from cache import built
from isolation import die_with_parent

SUMMARY = "amd with bridge, VLAN, bond and dummy modules, and ssh on eth0; --client runs at the cable's other end"
MODULES = ["8021q", "bridge", "bonding", "dummy", "veth", "macvlan", "vxlan", "tun"]
CLIENT_ADDRESS, HOST_ADDRESS, PREFIX = "192.0.2.1", "192.0.2.2", 24
SSH_PACKAGES = ["openssh-server", "libwrap0"]
POLL_SECONDS = 0.2


def declare(parser) -> None:
    parser.add_argument("--client", default="", metavar="COMMAND",
                        help="a shell command to run in the client's network once ssh answers; $LAB_SSH reaches the host; the "
                             "run ends with it, and its exit code is the run's")
    parser.add_argument("--nics", type=int, default=0, metavar="N", help="further cards on a private segment of their own")
    parser.set_defaults(nested="on")


def ssh_server() -> Path:
    """The ssh server unpacked, not installed: a service must not appear on the machine."""
    versions = [f"{name}={packages.known(name)}" for name in SSH_PACKAGES]

    def make(folder: Path) -> None:
        for name in SSH_PACKAGES:
            packages.unpack(name, packages.known(name), folder)

    return built("sshd", versions, make)


def make_keys(folder: Path) -> None:
    for name in ("host_key", "client_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", folder / name], check=True)
    (folder / "authorized_keys").write_text((folder / "client_key.pub").read_text())
    kind, key, _ = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text(f"{HOST_ADDRESS} {kind} {key}\n")


def ssh_words(folder: Path) -> list:
    """Strict from the first connection on: the host's key was made here."""
    return ["ssh", "-F", "none", "-i", str(folder / "client_key"), "-o", f"UserKnownHostsFile={folder / 'known_hosts'}",
            "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR",
            f"root@{HOST_ADDRESS}"]


def lay_cable() -> None:
    """The client's end; QEMU holds the other. In the run's own network, which goes with it."""
    for words in (f"tuntap add dev tap0 mode tap", f"address add {CLIENT_ADDRESS}/{PREFIX} dev tap0", "link set tap0 up"):
        subprocess.run(["ip", *words.split()], check=True)


class Client:
    """Waits for the host's ssh server, then runs the command; done() holds when it has ended."""

    def __init__(self, command: str, folder: Path):
        self.command, self.folder, self.process, self.next_try = command, folder, None, 0.0

    def answers(self) -> bool:
        if time.monotonic() < self.next_try or not (self.folder / "out/ready").exists():
            return False
        self.next_try = time.monotonic() + POLL_SECONDS
        return subprocess.run([*ssh_words(self.folder), "true"], stdin=subprocess.DEVNULL, check=False,
                              capture_output=True).returncode == 0

    def start(self) -> None:
        parent = os.getpid()
        environment = {**os.environ, "LAB_SSH": " ".join(ssh_words(self.folder)), "LAB_ADDRESS": HOST_ADDRESS}
        self.process = subprocess.Popen(["bash", "-c", self.command], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=open(self.folder / "out/stdout", "ab"),
                                        stderr=open(self.folder / "out/stderr", "ab"),
                                        preexec_fn=lambda: die_with_parent(parent))

    def done(self, _machine) -> bool:
        if self.process is None:
            if self.answers():
                self.start()
            return False
        if self.process.poll() is None:
            return False
        code = self.process.returncode
        (self.folder / "out/exit").write_text(f"{code if code >= 0 else 128 - code}\n")
        return True


def run(options, outcome) -> None:
    folder = outcome.folder
    (folder / "out").mkdir()
    make_keys(folder)
    lay_cable()
    cable = ["-nic", "none", "-netdev", "tap,id=cable,ifname=tap0,script=no,downscript=no",
             "-device", "virtio-net-pci,netdev=cable,mac=52:54:00:1a:b1:00"]
    host = borrowed.Wanted(host="net", load=MODULES, address=f"{HOST_ADDRESS}/{PREFIX}", ssh=str(ssh_server()),
                           machine=cable + borrowed.network_words(options.nics)[2:])
    if options.client:
        client = Client(options.client, folder)
        options.command = options.command or ["sleep", "infinity"]
        borrowed.run(host, options, outcome, client.done)
        if client.process is None and outcome.why:
            print("lab: net: the host's ssh server did not answer", file=sys.stderr)
    else:
        borrowed.run(host, options, outcome)
