#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# net-setup is killed and the power fails at once, between two steps. The links went with the boot; the journal, on a disk that
# survived, must neither be undone on the new boot's links nor stay open. Runs on the host, once for each boot.
set -eu
fail() { echo "FAILED: $1" >&2; exit 1; }
[[ $LAB_BOOT != 1 ]] || mke2fs -q -t ext4 /dev/vda
mkdir -p /var/lib/kvmkit
modprobe -a ext4 bridge veth
mount -t ext4 /dev/vda /var/lib/kvmkit
ip link add p0 type veth peer name p1
last_state() { sed -n 's/.*"state":"\([^"]*\)".*/\1/p' "$1" | tail -n 1; }
journals=(/var/lib/kvmkit/txn/net-setup/*/journal)
case $LAB_BOOT in
    1)
        KVMKIT_FAULT=kill:after:2 net-setup bridge add br0 --port p0 --address 192.0.2.1/24 && fail "the fault hook did not strike"
        lab-reset
        ;;
    2)
        [[ ${#journals[@]} == 1 && $(last_state "${journals[0]}") == applying ]] || fail "the journal is not as the power cut left it"
        net-setup bridge del nix
        [[ $(last_state "${journals[0]}") == rolled-back ]] || fail "the journal of the boot before is still open"
        [[ ! -e /sys/class/net/br0 ]] || fail "br0 is there"
        net-setup bridge add br0 --port p0 --address 192.0.2.1/24
        ;;
esac
