#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On a KVM host with kvmkit: a bridge that filters VLANs, a DHCP server in VLAN 10 behind it, and a KVM guest that is put
# into that VLAN alone and can run guests of its own. fresh_host_mission.sh calls it; vmlinuz and initrd lie in /var/lib/guest.
set -euo pipefail

vm=tagged

fail() {
    printf 'FAIL: %s\n' "$1"
    exit 1
}

makes_the_lan() {
    net-setup bridge add br0 --vlan-filtering on || fail "net-setup bridge add ended with $?"
    net-setup vlan add br0 10 || fail "net-setup vlan add ended with $?"
    ip addr add 198.51.100.1/24 dev br0.10
    dnsmasq --conf-file=/dev/null --port=0 --interface=br0.10 --bind-interfaces --pid-file=/run/lan.pid \
        --dhcp-range=198.51.100.40,198.51.100.40 --dhcp-leasefile=/run/lan.leases
}

runs_a_guest_in_the_vlan() {
    vm-run launch "$vm" --accel kvm --nested --net bridge=br0,vlan=10 --wait boot --timeout 240 --memory 256M \
        --kernel /var/lib/guest/vmlinuz --initrd /var/lib/guest/initrd \
        --cmdline "console=ttyS0 quiet kvmkit.name=$vm" --json >tagged.json ||
        fail "vm-run launch ended with $?: $(cat tagged.json)"
    cat tagged.json
    grep -q 'KVMKIT-GUEST ready NAME=tagged IP=198\.51\.100\.40 SVM=1' tagged.json ||
        fail "no ready line with its address and SVM=1"
    vm-run xml "$vm" | grep -q "<feature policy='require' name='svm'/>" || fail "the CPU is not asked for svm"
    [[ $(vm-run ip "$vm") == 198.51.100.40 ]] || fail "vm-run ip says $(vm-run ip "$vm" 2>&1)"
}

# The port belongs to VLAN 10 alone, untagged.
is_in_that_vlan_alone() {
    local tap vlans
    tap=$(virsh domiflist "$vm" | sed -nE 's/^ *(vnet[0-9]+) .*/\1/p')
    vlans=$(bridge -j vlan show dev "$tap")
    [[ $(tr -d ' \n' <<<"$vlans") == *'"vlans":[{"vlan":10,"flags":["PVID","EgressUntagged"]}]'* ]] || fail "the port's VLANs: $vlans"
}

leaves_nothing() {
    vm-run rm "$vm" --force
    kill "$(</run/lan.pid)"
    net-setup vlan del br0.10
    net-setup bridge del br0
    ! ip link show br0 2>/dev/null || fail "br0 is still there"
}

makes_the_lan
runs_a_guest_in_the_vlan
is_in_that_vlan_alone
leaves_nothing
