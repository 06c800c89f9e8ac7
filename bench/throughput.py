# SPDX-License-Identifier: Apache-2.0
"""Disk and network of a guest, measured in the guest: an initrd that is appended to the test guest's writes and reads its disk
and talks to this process over a bridge. Only one guest runs at a time."""
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading

HOST, GUEST = "192.0.2.1", "192.0.2.2"
SINK, SOURCE, RESULTS = 5001, 5002, 5003
MIB = 1 << 20
NETWORK_MIB, ROUNDS, PATIENCE = 64, 3, 600
# Data that is not all zeroes: those need not be written at all.
START = f"""#!/bin/sh
hundredths() {{ read -r up rest </proc/uptime; echo "${{up%.*}}${{up#*.}}"; }}
rate() {{
    name=$1 mib=$2; shift 2
    begin=$(hundredths); "$@"; end=$(hundredths)
    echo "$name $((mib * 100000 / (end - begin + 1)))" >>/run/rates
}}
write_disk() {{
    for part in 0 1 2 3 4 5 6; do dd if=/tmp/data of=/dev/vda bs=1M seek=$((part * 16)); done
    dd if=/tmp/data of=/dev/vda bs=1M seek=112 conv=fsync
}}
read_disk() {{ dd if=/dev/vda of=/dev/null bs=1M count=128; }}
send() {{ dd if=/dev/zero bs=64k count={NETWORK_MIB * 16} | nc {HOST} {SINK}; }}
receive() {{ nc {HOST} {SOURCE} >/dev/null; }}
until [ -e /sys/class/net/eth0 ] && [ -e /dev/vda ]; do usleep 100000; done
ip link set eth0 up
ip address add {GUEST}/24 dev eth0
until ping -c 1 -W 1 {HOST}; do :; done
dd if=/dev/urandom of=/tmp/data bs=1M count=16
rate disk-write 128 write_disk
echo 3 >/proc/sys/vm/drop_caches
rate disk-read 128 read_disk
rate network-send {NETWORK_MIB} send
rate network-receive {NETWORK_MIB} receive
nc {HOST} {RESULTS} </run/rates
"""


def make_initrd(guest):
    """The guest's initrd with the program appended, beside it."""
    import agent_guest
    made = pathlib.Path(guest).with_name("throughput-initrd")
    made.write_bytes(pathlib.Path(guest).read_bytes() + agent_guest.archive({"etc/start": START.encode()}))
    return str(made)


def listen(port):
    server = socket.create_server((HOST, port))
    server.settimeout(PATIENCE)
    return server


def serve(server, talk):
    def run():
        while True:
            call, _ = server.accept()
            with call:
                talk(call)
    threading.Thread(target=run, daemon=True).start()


def swallow(call):
    while call.recv(MIB):
        pass


def text_of(call):
    with call, call.makefile() as lines:
        return {name: int(rate) / 1000 for name, rate in (line.split() for line in lines)}


def compare(candidates):
    """candidates: name -> how to launch, how to remove; ours first. Prints MiB per second, and ours as a multiple."""
    subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
    subprocess.run(["ip", "address", "add", f"{HOST}/24", "dev", "br0"], check=True)
    subprocess.run(["ip", "link", "set", "br0", "up"], check=True)
    serve(listen(SINK), swallow)
    serve(listen(SOURCE), lambda call: call.sendall(bytes(NETWORK_MIB * MIB)))
    results, rates = listen(RESULTS), {name: [] for name in candidates}
    rounds = min(ROUNDS, int(os.environ.get("KVMKIT_BENCH_ROUNDS", ROUNDS)))
    for _ in range(rounds):
        for name, (launch, remove) in candidates.items():
            done = subprocess.run(launch, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
            if done.returncode != 0:
                sys.exit(f"{name} ended with {done.returncode}: {done.stderr}")
            rates[name].append(text_of(results.accept()[0]))
            subprocess.run(remove, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    ours, *peers = candidates
    print(f"In the guest, MiB per second ({rounds} rounds, interleaved)")
    medians = {name: {kind: statistics.median(one[kind] for one in taken) for kind in taken[0]} for name, taken in rates.items()}
    for kind, rate in medians[ours].items():
        against = ", ".join(f"{peer} {medians[peer][kind]:.1f}: {rate / medians[peer][kind]:.2f} times as much" for peer in peers)
        print(f"  {kind:<16} {ours} {rate:.1f}, {against}")
    print(json.dumps({"schema": "kvmkit.bench/1", "title": "In the guest", "rounds": rounds, "mib_per_second": medians}))
