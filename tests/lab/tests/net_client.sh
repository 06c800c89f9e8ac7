#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An operator on ssh builds a bridge on another card; then asks for one on the card that carries the session, is refused,
# and still has the host. Runs in the client's network of the host `net`.
set -eu
fail() { echo "FAILED: $1" >&2; exit 1; }
$LAB_SSH 'net-setup bridge add br0 --port eth1 && ip -br link show master br0' | tee "${TMPDIR:-/tmp}/said.$$"
said=$(cat "${TMPDIR:-/tmp}/said.$$"; rm "${TMPDIR:-/tmp}/said.$$")
[[ $said == *eth1* ]] || fail "eth1 is no port of br0"
code=0
$LAB_SSH 'net-setup bridge add br1 --port eth0' || code=$?
((code == 10)) || fail "exit code $code for the card that carries the session"
$LAB_SSH 'net-setup bridge del br0 && ip link add link eth1 name eth1.7 type vlan id 7' || fail "the host is lost, or has no 8021q"
[[ $($LAB_SSH 'ip -br link show') != *br0* ]] || fail "br0 is still there"
