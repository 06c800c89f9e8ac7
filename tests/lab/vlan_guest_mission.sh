#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On a KVM host with kvmkit: a bridge that filters VLANs, a DHCP server in VLAN 10 behind it, and a KVM guest that is put
# into that VLAN alone and can run guests of its own. fresh_host_mission.sh calls it, and tests/vlan_guest.sh; vmlinuz and
# initrd lie in /var/lib/guest.
set -euo pipefail

vm=tagged
address=198.51.100.40

step() { printf -- '-- %s (after %s s)\n' "$1" "$SECONDS"; }

fail() {
    printf 'FAIL: %s\n' "$1"
    exit 1
}

makes_the_lan() {
    net-setup bridge add br0 || fail "net-setup bridge add ended with $?"
    launches 1 --dry-run >refused.txt 2>&1 || true
    grep -q "refused to use VLAN 10 on bridge 'br0': it keeps no VLANs apart" refused.txt || fail "no refusal: $(cat refused.txt)"
    bash -c "$(sed -n 's/^ *hint: .*: \(net-setup .*\)/\1/p' refused.txt)" || fail "the hint's command ended with $?: $(cat refused.txt)"
    net-setup bridge vlan set br0 --tagged 10 || fail "net-setup bridge vlan set ended with $?"
    net-setup vlan add br0 10 --address 198.51.100.1/24 || fail "net-setup vlan add ended with $?"
    dnsmasq --conf-file=/dev/null --port=0 --interface=br0.10 --bind-interfaces --pid-file=/run/lan.pid \
        --dhcp-range=$address,$address --dhcp-leasefile=/run/lan.leases
}

launches() {
    local timeout=$1
    shift
    vm-run launch "$vm" --accel kvm --nested --net bridge=br0,vlan=10 --wait boot --timeout "$timeout" --memory 256M \
        --kernel /var/lib/guest/vmlinuz --initrd /var/lib/guest/initrd --cmdline "console=ttyS0 quiet kvmkit.name=$vm" "$@"
}

runs_a_guest_in_the_vlan() {
    launches 1200 --json >tagged.json || fail "vm-run launch ended with $?: $(cat tagged.json)"
    cat tagged.json
    grep -q "KVMKIT-GUEST ready NAME=tagged IP=${address//./\\.} SVM=1" tagged.json ||
        fail "no ready line with its address and SVM=1"
    vm-run xml "$vm" >tagged.xml
    grep -q "<feature policy='require' name='svm'/>" tagged.xml || fail "the CPU is not asked for svm: $(grep -A 20 '<cpu ' tagged.xml)"
}

# Nobody listens on that port: the guest itself says so, and with that this host knows it as a neighbour.
answers_in_the_vlan() {
    local told
    told=$(timeout 60 bash -c ": </dev/tcp/$address/9" 2>&1 || true)
    [[ $told == *'Connection refused'* ]] || fail "the guest does not answer in its VLAN: $told"
    [[ $(vm-run ip "$vm") == "$address" ]] || fail "vm-run ip says $(vm-run ip "$vm" 2>&1)"
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

step 'a bridge that filters VLANs, and a DHCP server in one'
makes_the_lan
step 'vm-run launch --nested --net bridge=br0,vlan=10'
runs_a_guest_in_the_vlan
step 'it answers in its VLAN, and is in no other'
answers_in_the_vlan
is_in_that_vlan_alone
step 'nothing is left'
leaves_nothing
