# SPDX-License-Identifier: Apache-2.0
"""scripts/lab: real KVM hosts under emulation, with a command run in them. docs/lab.md tells how it works."""
import argparse
import os
import sys
import time
from dataclasses import dataclass

import amd
import cache
import debian
import intel
import net
import nspawn
import outcome as outcomes
from isolation import isolated, own_network
from packages import Missing

NOT_POSSIBLE = 3
SKIPPED = 77


def not_possible(options) -> int:
    """The exit code where the host cannot be run: no answer about the command, and no failure of it."""
    if not options.may_skip:
        return NOT_POSSIBLE
    return 1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else SKIPPED


@dataclass
class Host:
    summary: str
    declare: object
    run: object
    own_network: bool = True  # false where the host itself fetches packages
    timeout: int = 300
    qemu: bool = True  # false where the size of the machine is given and nothing survives a reset
    prepare: object = lambda: None  # fetches what this host alone needs, while the mirrors can be reached


HOSTS = {
    "amd": Host(amd.SUMMARY, amd.declare, amd.run),
    "guest-of": Host("amd as a guest of VMware, VirtualBox, Hyper-V, Azure, EC2 or GCP (--as)", amd.declare_guest_of,
                     amd.run_guest_of),
    "intel": Host(intel.SUMMARY, intel.declare, intel.run, qemu=False),
    "debian": Host(debian.SUMMARY, debian.declare, debian.run, own_network=False, timeout=debian.TIMEOUT),
    "trixie": Host(debian.SUMMARY_TRIXIE, debian.declare, debian.run_trixie, own_network=False, timeout=debian.TIMEOUT),
    "nspawn": Host(nspawn.SUMMARY, nspawn.declare, nspawn.run, own_network=False, qemu=False),
    "net": Host(net.SUMMARY, net.declare, net.run, prepare=net.ssh_server),
}


def declare_common(parser, host: Host) -> None:
    if host.qemu:
        parser.add_argument("--cpus", default="2", metavar="N")
        parser.add_argument("--memory", default="2G", metavar="SIZE")
        parser.add_argument("--disk", default="", metavar="SIZE", help="a disk, /dev/vda, that survives resets")
        parser.add_argument("--boots", type=int, default=3, metavar="N", help="how often the command may ask for lab-reset")
    parser.add_argument("--timeout", type=int, default=host.timeout, metavar="SECONDS", help="the run's deadline")
    parser.add_argument("--output", default="", metavar="DIR", help="keep stdout, stderr, exit, serial.log and junit.xml there")
    parser.add_argument("--may-skip", action="store_true",
                        help="for tests: exit with 77 where the host cannot be run, with 1 if KVMKIT_TESTS_MUST_RUN=1")
    parser.add_argument("--build", default="build/dev", metavar="DIR", help="whose bin/ comes first in the PATH")


def parse(words: list):
    command = []
    if "--" in words:
        command = words[words.index("--") + 1:]
        words = words[:words.index("--")]
    parser = argparse.ArgumentParser(prog="scripts/lab", description="Real KVM hosts under emulation.", allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|run|shell")
    actions.add_parser("list", help="the hosts", allow_abbrev=False)
    for action, text in (("run", "run a command in a host: run HOST [OPTION...] -- COMMAND"),
                         ("shell", "a shell in a host: shell HOST [OPTION...]")):
        hosts = actions.add_parser(action, help=text).add_subparsers(dest="host", required=True, metavar="HOST")
        for name, host in HOSTS.items():
            own = hosts.add_parser(name, help=host.summary, allow_abbrev=False)
            host.declare(own)
            declare_common(own, host)
    options = parser.parse_args(words)
    options.command, options.shell = command, options.action == "shell"
    if options.action == "run" and not command and not getattr(options, "client", ""):
        parser.error("run needs a command: scripts/lab run HOST -- COMMAND")
    return options


def work(options) -> int:
    host = HOSTS[options.host]
    outcome = outcomes.Outcome(options.host, options.command, folder=cache.run_folder(options.host))
    try:
        if host.own_network:
            prepare()
            host.prepare()
            own_network()
        options.deadline = time.monotonic() + options.timeout
        host.run(options, outcome)
    except Missing as error:
        print(f"lab: cannot run host '{options.host}': {error}", file=sys.stderr)
        return not_possible(options)
    return outcomes.finish(outcome, options.output)


def prepare() -> None:
    """Fetches what the emulated hosts are made of, while the mirrors can be reached."""
    import initramfs
    from kernel import kernel
    kernel()
    initramfs.busybox()


def main(words: list) -> int:
    options = parse(words)
    if options.action == "list":
        for name, host in HOSTS.items():
            print(f"{name:<10} {host.summary}")
        return 0
    if os.geteuid() != 0:
        print("lab: needs root, for namespaces and emulated hosts\n  hint: sudo scripts/lab ...", file=sys.stderr)
        return not_possible(options)
    return isolated(lambda: work(options))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
