#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On a fresh Debian whose only card is looked after by MANAGER: a trial that loses the operator is taken back, a bridge that
# the operator is still reached through is kept, and the next boot brings up the same. tests/managers.py runs it and compares.
# A container has no card: it is given one, with a LAN behind it, before each boot's network.
# vlans: the bridge filters VLANs where the kernel can, and has a setting that not every manager has words for.
# killed: whoever writes the files dies once the change is confirmed; the packaged unit writes them at the next boot.
# usage: manager_mission.sh networkd|ifupdown|netplan|nm static|dhcp|vlans|killed
set -euo pipefail

readonly manager=$1 way=$2 card=ens3 address=10.0.2.15 gateway=10.0.2.2
readonly keyfile=/etc/NetworkManager/system-connections/uplink.nmconnection

fail() {
    printf 'FAIL: %s\n' "$1"
    exit 1
}

step() { printf '== %s (after %s s)\n' "$1" "$SECONDS"; }

write() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
    chmod "$2" "$1"
}

static() { [[ $way != dhcp ]]; }

in_container() { [[ $LAB_HOST == nspawn ]]; }

configure_networkd() {
    if static; then settings=$(printf 'Address=%s/24\nGateway=%s' "$address" "$gateway"); else settings=DHCP=ipv4; fi
    printf '[Match]\nName=%s\n\n[Network]\n%s\n' "$card" "$settings" | write /etc/systemd/network/20-uplink.network 644
    systemctl --quiet enable systemd-networkd
}

configure_netplan() {
    if static; then
        settings="addresses: [$address/24], routes: [{to: default, via: $gateway}]"
    else
        settings='dhcp4: true'
    fi
    printf 'network:\n  version: 2\n  renderer: networkd\n  ethernets:\n    %s: {%s}\n' "$card" "$settings" |
        write /etc/netplan/10-uplink.yaml 600
}

configure_nm() {
    if static; then settings=$(printf 'method=manual\naddress1=%s/24,%s' "$address" "$gateway"); else settings=method=auto; fi
    printf '[connection]\nid=uplink\nuuid=6a1f1f4e-5a0c-4f6b-9d1c-0c5b7d1f2a10\ntype=ethernet\ninterface-name=%s\n\n[ipv4]\n%s\n\n[ipv6]\nmethod=link-local\n' \
        "$card" "$settings" | write "$keyfile" 600
}

configure_ifupdown() {
    if static; then
        printf 'auto %s\niface %s inet static\n    address %s/24\n    gateway %s\n' "$card" "$card" "$address" "$gateway"
    else
        printf 'auto %s\niface %s inet dhcp\n' "$card" "$card"
    fi | write /etc/network/interfaces.d/uplink 644
}

make_card() {
    write /usr/local/sbin/make-card 755 <<END
#!/bin/sh -e
ip netns add lan
ip link add $card address 52:54:00:1a:b1:00 type veth peer name lan0 netns lan
ip -n lan addr add $gateway/24 dev lan0
ip -n lan link set lan0 up
END
    write /etc/systemd/system/card.service 644 <<'END'
[Unit]
DefaultDependencies=no
After=systemd-tmpfiles-setup-dev.service local-fs.target
Before=network-pre.target
Wants=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/make-card
[Install]
WantedBy=sysinit.target
END
    systemctl --quiet enable card.service
}

# One address, and whoever asks gets it.
make_dhcp_server() {
    write /etc/systemd/system/leases.service 644 <<END
[Unit]
DefaultDependencies=no
Requires=card.service
After=card.service
Before=network-pre.target
[Service]
ExecStart=ip netns exec lan dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --interface=lan0 \\
    --dhcp-authoritative --dhcp-ignore-clid --dhcp-leasefile=/run/leases --dhcp-range=$address,$address,1h \\
    --dhcp-option=option:router,$gateway
[Install]
WantedBy=sysinit.target
END
    systemctl --quiet enable leases.service
}

# The operator's end: the LAN of a container, elsewhere the host itself.
from_lan() {
    if in_container; then nsenter --net=/run/netns/lan "$@"; else "$@"; fi
}

configure() {
    rm -f /etc/network/interfaces.d/uplink
    ! in_container || make_card
    ! in_container || static || make_dhcp_server
    "configure_$manager"
    sync
    reboot
    sleep 60
}

show() { net-setup show --json | tr -d '\n'; }

# Without numbers and the kernel's own addresses, which managers.py leaves out as well.
settled() { sed -E 's/"index": *[0-9]*//g; s/,? *"fe80:[^"]*"//g; s/\[ *\]/[]/g'; }

tell() {
    printf 'SHOW %s %s\n' "$1" "$(show)"
    net-setup show --format yaml | sed "s/^/YAML $1 /"
}

# wait_until SECONDS COMMAND...: whether it holds in time.
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}

is_owned() {
    [[ $(net-setup owner "$card" --json | tr -d ' \n') == *"\"owner\":\"$manager\""* &&
        $(ip route show default) == *"$gateway dev $card"* ]]
}

is_as_before() { [[ $(show | settled) == "$(<before)" ]]; }

last_state() {
    local journals=(/var/lib/kvmkit/txn/net-setup/*/journal)
    [[ -e ${journals[-1]} ]] || return 0
    sed -n 's/.*"state":"\([^"]*\)".*/\1/p' "${journals[-1]}" | tail -n 1
}

in_state() { [[ $(last_state) == "$1" ]]; }

wait_for_state() {
    wait_until 120 in_state "$1" || fail "the change did not get to state $1, but $(last_state): $(cat trial.log)"
}

# An operator with a session of their own, which dies with the server while the change waits to be kept.
loses_its_operator() {
    local before
    before=$(ip -4 address show "$card" | grep 'inet '; ip route show)
    [[ -e key ]] || ssh-keygen -q -t ed25519 -N '' -f key
    mkdir -p .ssh
    cat key.pub >>.ssh/authorized_keys
    from_lan ssh -F none -i key -o StrictHostKeyChecking=no -o LogLevel=ERROR "root@$address" \
        "echo \$PPID >server; PATH=\$PATH:/opt/lab/bin net-setup lan-bridge $card --confirm auto --timeout 1h" \
        </dev/null >trial.log 2>&1 &
    wait_for_state verified
    kill -9 "$(cat server)"
    systemctl stop ssh
    wait_for_state rolled-back
    wait_until 60 flock --nonblock /run/kvmkit/lock.net-setup true || fail "the lock is still held"
    systemctl start ssh
    [[ ! -e /sys/class/net/br0 ]] || fail "the bridge is still there"
    diff <(printf '%s\n' "$before" | sed 's/ *valid_lft.*//') \
        <({ ip -4 address show "$card" | grep 'inet '; ip route show; } | sed 's/ *valid_lft.*//') ||
        fail "the old network is not back"
}

becomes_a_bridge() {
    net-setup lan-bridge "$card" --confirm auto || fail "lan-bridge ended with $?"
    [[ $(ip -br -4 address show br0) == *"$address"* ]] || fail "the bridge has no address"
    sleep 5 # so long that a manager may interfere
    [[ $(ip -br -4 address show br0) == *"$address"* ]] || fail "$manager took the bridge's address"
    [[ $(ip -br -4 address show "$card") != *"$address"* ]] || fail "$manager put the address back on the card"
}

# A container's kernel need not know VLANs.
filters_vlans() {
    net-setup bridge set br0 --multicast-snooping off --confirm none || fail "bridge set ended with $?"
    if ! in_container; then
        net-setup bridge set br0 --vlan-filtering on --confirm none || fail "bridge set ended with $?"
        net-setup bridge vlan set "$card" --native 1 --tagged 100,200-299 --confirm none || fail "vlan set ended with $?"
        [[ $(bridge -compressvlans vlan show dev "$card") == *200-299* ]] || fail "no VLANs: $(bridge vlan show dev "$card")"
    fi
}

persists() {
    local text
    text=$(net-setup persist br0) || fail "persist ended with $?: $text"
    printf '%s\n' "$text"
    grep -q '^reboot-safe: yes' <<<"$text" || fail "not reboot-safe"
}

# As the package puts them there.
install_unit() {
    local units=/usr/lib/systemd/system
    mkdir -p $units/sysinit.target.wants
    cp net-setup-recover.service $units
    ln -s ../net-setup-recover.service $units/sysinit.target.wants
    [[ -e /usr/sbin/net-setup ]] || ln -s "$(type -P net-setup)" /usr/sbin
}

dies_before_the_files_are_written() {
    ! KVMKIT_FAULT=kill:state:confirmed net-setup lan-bridge "$card" --confirm none --persist auto ||
        fail "nothing was killed"
    wait_until 60 flock --nonblock /run/kvmkit/lock.net-setup true || fail "the lock is still held"
    in_state confirmed || fail "killed in state $(last_state)"
    ! grep -rqs '^# Written by net-setup' /etc || fail "files were written"
    [[ $(ip -br -4 address show br0) == *"$address"* ]] || fail "the bridge has no address"
}

was_ended_by_the_unit() {
    [[ $(systemctl show --property=Result,ActiveState net-setup-recover) == $'Result=success\nActiveState=active' ]] ||
        fail "the unit: $(systemctl status --no-pager net-setup-recover)"
    in_state closed || fail "the change is $(last_state)"
}

explain() {
    printf 'another network than before\n'
    ip address
    ip route
    journalctl --boot --no-pager --unit 'NetworkManager*' --unit 'systemd-network*' --unit networking --output cat | tail -n 80
    for file in /etc/NetworkManager/system-connections/* /etc/systemd/network/* /etc/netplan/* /etc/network/interfaces.d/*; do
        [[ ! -f $file ]] || printf '%s\n%s\n' "$file" "$(<"$file")"
    done
}

case $LAB_BOOT in
    1) configure ;;
    2)
        step "$manager looks after $card"
        wait_until 120 is_owned || fail "another owner: $(net-setup owner "$card" --json; ip address)"
        if [[ $way == killed ]]; then
            step 'killed between confirmation and files'
            install_unit
            dies_before_the_files_are_written
        else
            if [[ $way != vlans ]]; then
                step 'a trial loses its operator'
                loses_its_operator
            fi
            step 'lan-bridge'
            becomes_a_bridge
            [[ $way != vlans ]] || filters_vlans
            step 'persist'
            persists
        fi
        show | settled >before
        tell before
        sync
        reboot
        sleep 60
        ;;
    3)
        step 'booted again'
        wait_until 120 is_as_before || explain
        [[ $way != killed ]] || was_ended_by_the_unit
        tell after
        net-setup bridge del nix
        step 'done'
        ;;
esac
