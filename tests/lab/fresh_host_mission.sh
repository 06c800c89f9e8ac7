#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# On a fresh Debian: from kvmkit's packages to a KVM guest that has booted, and back. fresh_host_test.sh runs it in the
# lab, with the packages, the guest's kernel and its initial ramdisk beside it.
set -euo pipefail

vm=mission

step() { printf '== %s (after %s s)\n' "$1" "$SECONDS"; }

fail() {
    printf 'FAIL: %s\n' "$1"
    exit 1
}

# What a second run must leave as it is. Journals and locks of kvmkit itself count as well.
state() {
    dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n'
    systemctl list-unit-files --no-legend --no-pager
    find /etc /var/lib/dpkg/status /var/lib/apt/lists /var/lib/kvmkit /usr/lib/systemd -type f -printf '%p %T@ %s %m\n' | sort
    stat -c '%n %U %G %a' /dev/kvm
    lsmod | cut -d' ' -f1 | sort
}

# What a VM may leave: a process, a domain, a file, a link.
traces_of_vms() {
    grep -lx 'qemu-.*' /proc/[0-9]*/comm || true
    virsh --quiet list --all
    find /var/lib/kvmkit /run/kvmkit -mindepth 1 -not -path '*/txn/*' -not -name 'lock*'
    ls /sys/class/net
}

is_fresh() {
    local program
    for program in qemu-system-x86_64 virsh libvirtd gcc; do
        ! command -v "$program" || fail "the host is not fresh: it has $program"
    done
    [[ -c /dev/kvm ]] || fail "udev did not load KVM's module: there is no /dev/kvm"
    [[ $(systemctl is-system-running) == running ]] || fail "systemd is not content: $(systemctl --failed --no-legend)"
}

installs() {
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 install ./kvmkit*.deb
}

becomes_a_kvm_host() {
    local code=0
    host-setup plan >/dev/null || code=$?
    ((code == 1)) || fail "host-setup plan ended with $code instead of 1 on a fresh host"
    host-setup apply
}

has_nothing_left_to_do() {
    local before text
    before=$(state)
    text=$(host-setup apply)
    grep -q 'nothing to do' <<<"$text" || fail "the second run found something to do: $text"
    host-setup plan >/dev/null || fail "host-setup plan ended with $?"
    diff <(printf '%s\n' "$before") <(state) || fail "the second run changed the host"
}

is_ready() {
    local text
    text=$(kvm-check run --timeout 60s) || fail "kvm-check ended with $?: $text"  # emulated, on a busy machine
    printf '%s\n' "$text"
    grep -q '^READY: ' <<<"$text" || fail "kvm-check does not say ready"
}

# A host with nothing but the packages has no ping: a guest that refuses a call to a port has answered.
answers() {
    local words
    words=$(timeout 10 bash -c "exec 3<>/dev/tcp/$1/9" 2>&1) || true
    grep -q 'Connection refused' <<<"$words"
}

runs_a_kvm_guest() {
    vm-run launch "$vm" --accel kvm --wait boot --timeout 600 --memory 256M --kernel /var/lib/guest/vmlinuz \
        --initrd /var/lib/guest/initrd --cmdline "console=ttyS0 quiet kvmkit.name=$vm" --json >launch.json ||
        fail "vm-run launch ended with $?: $(cat launch.json)"
    cat launch.json
    grep -Eq '"outcome": *"ready"' launch.json || fail "the guest was not ready"
    grep -Eq "\"ready_line\": *\"KVMKIT-GUEST ready NAME=$vm IP=192\.168\.[0-9]+\.[0-9]+ SVM=[01] VMX=0\"" launch.json ||
        fail "no ready line with SVM= and an address of libvirt's network"
    grep -q '"net": *"network=default"' launch.json || fail "the guest is not in libvirt's default network"
    answers "$(vm-run ip "$vm")" || fail "the guest cannot be called"
    # Into files: a reader that has seen enough would end the writer by SIGPIPE.
    vm-run xml "$vm" >ours.xml
    grep -q "^<domain type='kvm'" ours.xml || fail "vm-run xml does not say type='kvm'"
    virsh dumpxml "$vm" >libvirts.xml
    grep -q "^<domain type='kvm'" libvirts.xml || fail "virsh dumpxml does not say type='kvm'"
    is_run_by_the_module
}

# The module counts its VMs by who uses it, and the guest's entries into SVM in debugfs.
is_run_by_the_module() {
    local pid folder exits
    pid=$(sed -nE 's/.*"qemu_pid": *([0-9]+).*/\1/p' launch.json)
    folder=$(find /sys/kernel/debug/kvm -mindepth 1 -maxdepth 1 -type d -name "$pid-*")
    [[ -n $folder ]] || fail "KVM's module knows no VM of this process"
    exits=$(<"$folder/exits")
    echo "VM exits: $exits"
    ((exits > 1000)) || fail "the guest ran in KVM for $exits exits only"
}

leaves_nothing() {
    vm-run rm "$vm" --force
    diff <(printf '%s\n' "$1") <(traces_of_vms) || fail "something of the VM is left"
}

step 'a fresh host'
is_fresh
step 'apt-get install kvmkit'
installs
step 'host-setup apply'
becomes_a_kvm_host
step 'host-setup apply, again'
has_nothing_left_to_do
step 'kvm-check'
is_ready
step 'vm-run launch'
mkdir -p /var/lib/guest
cp vmlinuz initrd /var/lib/guest # QEMU's user may not read in /root
traces=$(traces_of_vms)
runs_a_kvm_guest
step 'vm-run rm'
leaves_nothing "$traces"
step 'a nested guest in a VLAN'
./vlan_guest_mission.sh
diff <(printf '%s\n' "$traces") <(traces_of_vms) || fail "something of the VLAN or its guest is left"
step 'done'
