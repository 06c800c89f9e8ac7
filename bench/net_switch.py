#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What moving a host's card onto a bridge costs, in packets: UDP echoes at 5000 a second through the card, while
net-setup lan-bridge, its way back, six ip commands, one ip -batch and ifupdown2 do it. Works in network namespaces of its own;
nothing of the host is touched. Needs root. ifupdown2 is not installed for it, see ifupdown2.py.
usage: net_switch.py [--runs N] [--ifupdown2 FOLDER] [NET-SETUP ECHO-PEER]"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import ifupdown2

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIX = ["link add br0 address {mac} type bridge stp_state 0 forward_delay 0", "link set eth0 master br0",
       "addr flush dev eth0", "addr add 10.0.0.2/24 dev br0", "link set br0 up", "route add default via 10.0.0.1"]
STANZA = "auto {link}\niface {link} inet static\n  address 10.0.0.2/24\n  gateway 10.0.0.1\n{more}"
BATCH = ["link add br0 address {mac} type bridge stp_state 0 forward_delay 0", "link set br0 up", "link set eth0 master br0",
         "addr add 10.0.0.2/24 dev br0", "addr del 10.0.0.2/24 dev eth0", "route replace default via 10.0.0.1 dev br0"]


def ip(words, **how):
    subprocess.run(["ip", *words.split()], check=True, **how)


def prepare():
    """A card with an address, a route and a neighbour that it has just talked to."""
    ip("netns add lan")
    ip("link add eth0 type veth peer name lan0 netns lan")
    for words in ("-n lan addr add 10.0.0.1/24 dev lan0", "-n lan addr add fd00:1::1/64 dev lan0 nodad", "-n lan link set lan0 up",
                  "addr add 10.0.0.2/24 dev eth0", "addr add fd00:1::2/64 dev eth0 nodad", "link set eth0 up",
                  "route add default via 10.0.0.1"):
        ip(words)
    while not settled():
        time.sleep(0.02)
    return subprocess.Popen(["ip", "netns", "exec", "lan", OPTIONS.echo_peer, "serve"])


def settled():
    """A card in daily use is up since long, and its addresses are its own."""
    for where in ([], ["-n", "lan"]):
        seen = json.loads(subprocess.run(["ip", *where, "-j", "addr"], capture_output=True, check=True).stdout)
        for link in seen:
            if link["ifname"] in ("eth0", "lan0"):
                fresh = not where and any(address.get("tentative") for address in link["addr_info"])
                if link["operstate"] != "UP" or fresh:
                    return False
    return True


def clean(server):
    server.kill()
    server.wait()
    for words in ("link del br0", "link del eth0", "netns del lan"):
        subprocess.run(["ip", *words.split()], stderr=subprocess.DEVNULL, check=False)


def net_setup(*words):
    subprocess.run([OPTIONS.net_setup, "lan-bridge", "eth0", "--confirm", "none", "--quiet", *words], check=True)


def there():
    net_setup()


def there_first():
    net_setup()
    return lambda: net_setup("--back")


def mac():
    return json.loads(subprocess.run(["ip", "-j", "link", "show", "eth0"], capture_output=True, check=True).stdout)[0]["address"]


def six_commands():
    own = mac()
    for line in SIX:
        ip(line.format(mac=own))


def one_batch():
    lines = "\n".join(BATCH).format(mac=mac())
    ip("-batch -", input=lines, text=True)


def ifreload():
    ifupdown2.run("ifup", STANZA.format(link="eth0", more=""))
    new = "auto eth0\niface eth0\n" + STANZA.format(link="br0", more=f"  hwaddress {mac()}\n  bridge-ports eth0\n  bridge-stp off\n"
                                                                      "  bridge-fd 0\n")
    return lambda: ifupdown2.run("ifreload", new)


WAYS = {
    "net-setup lan-bridge, IPv4": ("10.0.0.1", lambda: there),
    "net-setup lan-bridge, IPv6": ("fd00:1::1", lambda: there),
    "net-setup lan-bridge --back, IPv4": ("10.0.0.1", there_first),
    "net-setup lan-bridge --back, IPv6": ("fd00:1::1", there_first),
    "ip -batch, in a good order": ("10.0.0.1", lambda: one_batch),
    "six ip commands": ("10.0.0.1", lambda: six_commands),
}


def one_run(way):
    address, begin = WAYS[way]
    server = prepare()
    try:
        subprocess.run([OPTIONS.echo_peer, "measure", address, "100", "60"], stdout=subprocess.DEVNULL, check=True)
        switch = begin()
        sender = subprocess.Popen([OPTIONS.echo_peer, "measure", address, "5000", "1000"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.3)
        switch()
        return json.loads(sender.communicate()[0])
    finally:
        clean(server)


def main():
    results = {way: [] for way in WAYS}
    for _ in range(OPTIONS.runs):
        for way, seen in results.items():
            seen.append(one_run(way))
    print("| way | median gap | 99 of 100 | worst gap | lost, median | lost, worst |\n|---|---|---|---|---|---|")
    for way, seen in results.items():
        gaps = sorted(run["gap_ms"] for run in seen)
        lost = sorted(run["lost"] for run in seen)
        most = gaps[min(len(gaps) - 1, int(len(gaps) * 0.99))]
        print(f"| {way} | {statistics.median(gaps):.1f} ms | {most:.1f} ms | {gaps[-1]:.1f} ms | "
              f"{statistics.median(lost):.0f} | {lost[-1]} |")


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("usage:", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--ifupdown2", metavar="FOLDER", help="its package, unpacked; left out if not given")
    parser.add_argument("net_setup", nargs="?", default=str(ROOT / "build/release/bin/net-setup"))
    parser.add_argument("echo_peer", nargs="?", default=str(ROOT / "build/dev/tests/echo-peer"))
    return parser.parse_args()


OPTIONS = read_options()
if os.environ.get("KVMKIT_BENCH_INSIDE") != "1":
    os.execvpe("unshare", ["unshare", "--net", "--mount", "--propagation", "private", sys.executable, *sys.argv],
               {**os.environ, "KVMKIT_BENCH_INSIDE": "1"})
for place in ("/run", "/var/lib"):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "bench", place], check=True)
ip("link set lo up")
if OPTIONS.ifupdown2:
    WAYS["ifreload of ifupdown2"] = ("10.0.0.1", ifreload)
    ifupdown2.set_up(OPTIONS.ifupdown2)
pathlib.Path("/proc/sys/net/ipv6/conf/default/dad_transmits").write_text("0", encoding="ascii")  # it takes a second
main()
