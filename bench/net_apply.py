#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What net-setup apply costs against ip(8) and bridge(8) doing the same: making and deleting many links, VLANs of a port,
and finding that nothing is to be done. Works in namespaces of its own, with its journal on the disk that --journal names;
nothing of the host is touched. Needs root; vlans, vlan-links and no-op need a kernel with VLANs and VLAN filtering, such as
that of the lab's host 'net'; ifreload needs ifupdown2, see ifupdown2.py.
usage: net_apply.py [--rounds N] [--journal FOLDER] [--net-setup FILE] [--ifupdown2 FOLDER] [create|delete|vlans|vlan-links|no-op|
ifreload]..."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import ifupdown2

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = pathlib.Path("/run/bench")
BRIDGES = 1000
FEW_BRIDGES = 100  # ifupdown2 takes its time
TARGETS = {"create": 0.9, "delete": 0.5, "vlans": 0.2, "vlan-links": 1.0, "no-op": 1.5, "ifreload": 1.0}
CHANGE_NOTHING = ("no-op", "ifreload")


def bridges(state, count=BRIDGES):
    return "interfaces:\n" + "".join(f"- name: br{n}\n  type: linux-bridge\n  state: {state}\n" for n in range(count))


def vlan_links(ids):
    return "interfaces:\n" + "".join(
        f"- name: p0.{n}\n  type: vlan\n  state: up\n  vlan: {{base-iface: p0, id: {n}}}\n" for n in ids)


def port_vlans():
    return ("interfaces:\n- name: br0\n  type: linux-bridge\n  state: up\n  bridge:\n    port:\n    - name: p0\n"
            "      vlan: {mode: trunk, enable-native: true, tag: 1, trunk-tags: [{id-range: {min: 2, max: 4094}}]}\n")


def bridge_line(number):
    return f"link add br{number} address 02:00:00:00:{number >> 8:02x}:{number & 255:02x} type bridge stp_state 0 forward_delay 0"


def file(name, text):
    path = WORK / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(words, **how):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          check=False, **how)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")


def apply(path):
    return [OPTIONS.net_setup, "apply", path, "--confirm", "none", "--quiet"]


class Namespace:
    """A new one for each run: one that is deleted takes all its links along, at once. A veth p0 to p1 is there."""

    def __init__(self, prepare=()):
        self.name = f"bench{os.getpid()}"
        run(["ip", "netns", "add", self.name])
        self.run(["ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1"])
        for words in prepare:
            self.run(words)

    def inside(self, words):
        return ["ip", "netns", "exec", self.name, *words]

    def run(self, words):
        run(self.inside(words))

    def links(self):
        told = subprocess.run(self.inside(["ip", "-br", "link"]), capture_output=True, text=True, check=True).stdout
        return len(told.splitlines())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run(["ip", "netns", "del", self.name])
        settle()


def settle():
    """The kernel takes a namespace apart behind our back, and holds up all who change links meanwhile."""
    quick, deadline = 0, time.monotonic() + 120
    while quick < 20 and time.monotonic() < deadline:
        start = time.monotonic()
        run(["ip", "link", "set", "lo", "up"])
        quick = quick + 1 if time.monotonic() - start < 0.05 else 0
        time.sleep(0.02)


def timed(namespace, commands):
    """In one child of the namespace, so that entering it costs both sides nothing."""
    script = " && ".join(" ".join(words) for words in commands)
    argv = namespace.inside([sys.executable, "-c", TIMER, script])
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{script} failed: {done.stderr[-500:]}")
    return float(done.stdout)


TIMER = """
import subprocess, sys, time
words = [part.split() for part in sys.argv[1].split(' && ')]
start = time.monotonic()
for argv in words:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(done.stderr.decode()[-500:])
print(time.monotonic() - start)
"""


def create():
    ours = [apply(file("bridges.yml", bridges("up")))]
    lines = "\n".join(f"{bridge_line(n)}\nlink set br{n} up" for n in range(BRIDGES))
    peer = [["ip", "-batch", file("create.batch", lines + "\n")]]
    return f"creating {BRIDGES} bridges", (), ours, peer, "ip -batch", lambda space: space.links() == BRIDGES + 3


def delete():
    lines = "\n".join(f"{bridge_line(n)}\nlink set br{n} up" for n in range(BRIDGES))
    before = [["ip", "-batch", file("create.batch", lines + "\n")]]
    ours = [apply(file("gone.yml", bridges("absent")))]
    peer = [["ip", "-batch", file("delete.batch", "".join(f"link del br{n}\n" for n in range(BRIDGES)))]]
    return f"deleting {BRIDGES} bridges that are up", before, ours, peer, "ip -batch", lambda space: space.links() == 3


def vlans():
    before = [["ip", "link", "add", "br0", "type", "bridge", "vlan_filtering", "1"],
              ["ip", "link", "set", "p0", "master", "br0"], ["ip", "link", "set", "p0", "up"], ["ip", "link", "set", "br0", "up"]]
    ours = [apply(file("vlans.yml", port_vlans()))]
    peer = [["bridge", "-batch", file("vlans.batch", "".join(f"vlan add vid {n} dev p0\n" for n in range(2, 4095)))]]

    def there(space):
        told = subprocess.run(space.inside(["bridge", "-j", "-c", "vlan", "show", "dev", "p0"]), capture_output=True, check=True).stdout
        return "4094" in told.decode()
    return "VLANs 2-4094 on a port", before, ours, peer, "bridge -batch", there


def all_vlan_links():
    return "".join(f"link add link p0 name p0.{n} type vlan id {n}\nlink set p0.{n} up\n" for n in range(1, 4095))


def vlan_link_creation():
    before = [["ip", "link", "set", "p0", "up"]]
    ours = [apply(file("vlan-links.yml", vlan_links(range(1, 4095))))]
    peer = [["ip", "-batch", file("vlan-links.batch", all_vlan_links())]]
    return "making 4094 VLAN links", before, ours, peer, "ip -batch", lambda space: space.links() == 4097


def no_op():
    before = [["ip", "link", "set", "p0", "up"], ["ip", "-batch", file("vlan-links.batch", all_vlan_links())]]
    ours = [apply(file("vlan-links.yml", vlan_links(range(1, 4095))))]
    peer = [["ip", "-d", "-j", "link"], ["bridge", "-j", "vlan"]]
    return "finding 4094 VLAN links as they are to be", before, ours, peer, "ip -d -j link, bridge -j vlan", lambda space: True


def reload():
    stanzas = "".join(f"auto br{n}\niface br{n}\n  bridge-ports none\n  bridge-stp off\n  bridge-fd 0\n\n" for n in range(FEW_BRIDGES))
    ifupdown2.INTERFACES.write_text(stanzas, encoding="ascii")
    ours = [apply(file("as-they-are.yml", bridges("up", FEW_BRIDGES)))]
    title = f"finding {FEW_BRIDGES} bridges as they are to be"
    return title, [ifupdown2.words("ifup")], ours, [ifupdown2.words("ifreload")], "ifreload", lambda space: True


CASES = {"create": create, "delete": delete, "vlans": vlans, "vlan-links": vlan_link_creation, "no-op": no_op, "ifreload": reload}


def measure(case):
    title, before, ours, peer, peer_name, there = CASES[case]()
    seconds = {"net-setup": [], peer_name: []}
    commands = {"net-setup": ours, peer_name: peer}
    shared = None
    for _ in range(OPTIONS.rounds):
        for name, taken in seconds.items():
            space = shared or Namespace(before)
            taken.append(timed(space, commands[name]))
            if not there(space):
                sys.exit(f"{name} did not do it")
            if case in CHANGE_NOTHING:
                shared = space
            else:
                space.__exit__()
    if shared:
        shared.__exit__()
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    ratio = medians["net-setup"] / medians[peer_name]
    print(f"{title} ({OPTIONS.rounds} rounds, interleaved, {os.cpu_count()} CPUs)")
    for name, taken in seconds.items():
        print(f"  {name:<32} median {medians[name] * 1000:9.1f} ms  ({min(taken) * 1000:.1f} to {max(taken) * 1000:.1f})")
    print(f"  ratio {ratio:.2f}, wanted at most {TARGETS[case]}")
    print(json.dumps({"schema": "kvmkit.bench/1", "title": title, "rounds": OPTIONS.rounds,
                      "median_ms": {name: round(value * 1000, 2) for name, value in medians.items()},
                      "ratio": {peer_name: round(ratio, 3)}}), flush=True)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("usage:", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--journal", default=None, help="where the journal lies; a new folder in the build tree if not given")
    parser.add_argument("--net-setup", dest="net_setup", default=str(ROOT / "build/release/bin/net-setup"))
    parser.add_argument("--ifupdown2", metavar="FOLDER", help="its package, unpacked: for the case ifreload")
    parser.add_argument("cases", nargs="*", default=["create", "delete"], choices=sorted(CASES), metavar="CASE")
    options = parser.parse_args()
    if "ifreload" in options.cases and not options.ifupdown2:
        parser.error("ifreload needs --ifupdown2")
    return options


OPTIONS = read_options()
if os.environ.get("KVMKIT_BENCH_INSIDE") != "1":
    os.execvpe("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv],
               {**os.environ, "KVMKIT_BENCH_INSIDE": "1"})
with tempfile.TemporaryDirectory(dir=OPTIONS.journal, prefix="bench-journal-") as journal:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "bench", "/run"], check=True)
    subprocess.run(["mount", "--bind", journal, "/var/lib"], check=True)
    WORK.mkdir()
    if OPTIONS.ifupdown2:
        ifupdown2.set_up(OPTIONS.ifupdown2)
    for chosen in OPTIONS.cases:
        measure(chosen)
    subprocess.run(["umount", "/var/lib"], check=True)
