# SPDX-License-Identifier: Apache-2.0
"""Disk and network of a guest, measured in the guest: an initrd that is appended to the test guest's writes and reads its disk
and talks to this process over a bridge. Only one guest runs at a time, and none longer than its deadline: what cannot be measured
ends the benchmark with what the guest says of itself."""
import json
import os
import pathlib
import re
import select
import socket
import statistics
import subprocess
import sys
import threading
import time

HOST, GUEST = "192.0.2.1", "192.0.2.2"
SINK, SOURCE, RESULTS = 5001, 5002, 5003
MIB = 1 << 20
NETWORK_MIB, ROUNDS = 64, 3
COMMAND_SECONDS, GUEST_SECONDS, CALL_SECONDS = 120, 300, 30
# Data that is not all zeroes: those need not be written at all. The console is told what is being done, for who asks.
START = f"""#!/bin/sh
hundredths() {{ read -r up rest </proc/uptime; echo "${{up%.*}}${{up#*.}}"; }}
phase() {{ echo "$*" >/run/phase; }}
rate() {{
    name=$1 mib=$2; shift 2
    phase "$name"
    begin=$(hundredths); "$@"; end=$(hundredths)
    echo "$name $((mib * 100000 / (end - begin + 1)))" >>/run/rates
}}
within_30_s() {{
    phase "waiting for $1"; shift
    for second in $(seq 30); do "$@" && return; sleep 1; done
    phase "gave up $(cat /run/phase)"
    exit 1
}}
write_disk() {{
    for part in 0 1 2 3 4 5 6; do dd if=/tmp/data of=/dev/vda bs=1M seek=$((part * 16)); done
    dd if=/tmp/data of=/dev/vda bs=1M seek=112 conv=fsync
}}
read_disk() {{ dd if=/dev/vda of=/dev/null bs=1M count=128; }}
send() {{ dd if=/dev/zero bs=64k count={NETWORK_MIB * 16} | nc {HOST} {SINK}; }}
receive() {{ nc {HOST} {SOURCE} >/dev/null; }}
phase starting
(while sleep 2; do echo "throughput: $(cat /run/phase)" >/dev/ttyS0; done) &
within_30_s 'a network card' [ -e /sys/class/net/eth0 ]
ip link set eth0 up
ip address add {GUEST}/24 dev eth0
within_30_s 'an answer of the host' ping -c 1 -W 1 {HOST}
within_30_s 'a virtio disk' [ -e /dev/vda ]
dd if=/dev/urandom of=/tmp/data bs=1M count=16
rate disk-write 128 write_disk
echo 3 >/proc/sys/vm/drop_caches
rate disk-read 128 read_disk
rate network-send {NETWORK_MIB} send
rate network-receive {NETWORK_MIB} receive
phase results
nc {HOST} {RESULTS} </run/rates
"""


def make_initrd(guest):
    """The guest's initrd with the program appended, beside it."""
    import agent_guest
    made = pathlib.Path(guest).with_name("throughput-initrd")
    made.write_bytes(pathlib.Path(guest).read_bytes() + agent_guest.archive({"etc/start": START.encode()}))
    return str(made)


def serve(port, talk):
    """Talks to whoever calls, one after the other, until this process ends."""
    server = socket.create_server((HOST, port))

    def run():
        while True:
            call, _ = server.accept()
            call.settimeout(CALL_SECONDS)
            try:
                with call:
                    talk(call)
            except OSError:
                pass  # the guest is gone, and its deadline tells
    threading.Thread(target=run, daemon=True).start()


def swallow(call):
    while call.recv(MIB):
        pass


def rates_of(server):
    """What the guest tells at its end; TimeoutError if it does not."""
    call, _ = server.accept()
    call.settimeout(CALL_SECONDS)
    with call, call.makefile() as lines:
        return {name: int(rate) / 1000 for name, rate in (line.split() for line in lines)}


def last_words(terminal, seconds=10):
    """What a guest says on its console within that time: its last whole line that tells what it does, else its last line."""
    heard, end = b"", time.monotonic() + seconds
    fd = os.open(terminal, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    while time.monotonic() < end and not re.search(rb"throughput: [^\r\n]+\r?\n", heard):
        if select.select([fd], [], [], 1)[0]:
            heard += os.read(fd, 4096)
    os.close(fd)
    lines = [line.strip() for line in heard.decode(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("throughput: ")]
    return (told or lines or ["nothing"])[-1]


def measure(name, launch, results, state):
    """Launches a guest and waits for what it measures. What keeps it from that ends the benchmark."""
    try:
        done = subprocess.run(launch, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        sys.exit(f"{name} did not end within {COMMAND_SECONDS} s: {' '.join(launch)}")
    if done.returncode != 0:
        sys.exit(f"{name} ended with {done.returncode}: {done.stderr}")
    try:
        return rates_of(results)
    except TimeoutError:
        sys.exit(f"{name}: its guest has told no results within {GUEST_SECONDS} s; {state()}")


def compare(candidates, state):
    """candidates: name -> how to launch, how to remove; ours first. state tells of a guest that says nothing. Prints MiB per
    second, and ours as a multiple."""
    subprocess.run(["ip", "link", "add", "br0", "type", "bridge"], check=True)
    subprocess.run(["ip", "address", "add", f"{HOST}/24", "dev", "br0"], check=True)
    subprocess.run(["ip", "link", "set", "br0", "up"], check=True)
    serve(SINK, swallow)
    serve(SOURCE, lambda call: call.sendall(bytes(NETWORK_MIB * MIB)))
    results, rates = socket.create_server((HOST, RESULTS)), {name: [] for name in candidates}
    results.settimeout(GUEST_SECONDS)
    rounds = min(ROUNDS, int(os.environ.get("KVMKIT_BENCH_ROUNDS", ROUNDS)))
    for _ in range(rounds):
        for name, (launch, remove) in candidates.items():
            rates[name].append(measure(name, launch, results, state))
            subprocess.run(remove, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS)
    ours, *peers = candidates
    print(f"In the guest, MiB per second ({rounds} rounds, interleaved)")
    medians = {name: {kind: statistics.median(one[kind] for one in taken) for kind in taken[0]} for name, taken in rates.items()}
    for kind, rate in medians[ours].items():
        against = ", ".join(f"{peer} {medians[peer][kind]:.1f}: {rate / medians[peer][kind]:.2f} times as much" for peer in peers)
        print(f"  {kind:<16} {ours} {rate:.1f}, {against}")
    print(json.dumps({"schema": "kvmkit.bench/1", "title": "In the guest", "rounds": rounds, "mib_per_second": medians}))
