#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vlan_guest.sh BUILD_DIR: this machine's own libvirt under a kernel that has KVM and filters VLANs: a KVM guest in one VLAN of
# a bridge, which has SVM itself. Starts the host `amd`, and itself there; fresh_host_mission.sh does the same at the end of a
# whole host's way.
set -euo pipefail
build=$1
guest=$build/guest
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")

if [[ -z ${LAB_HOST-} ]]; then
    "$here/../../../scripts/make-guest" "$guest"
    exec "$here/../../../scripts/lab" run amd --may-skip --memory 3G --timeout 2200 --output "$build/lab/vm-run.vlan" \
        --build "$build" -- "$here/vlan_guest.sh" "$build"
fi

modprobe -a bridge tun veth 8021q af_packet
for place in /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /var/lib/kvmkit /var/lib/guest; do
    mkdir -p "$place"
    mount -t tmpfs -o mode=755 vlan-guest "$place"
done
cp "$guest"/vmlinuz "$guest"/initrd /var/lib/guest
# Control groups have nobody here who made them ready for libvirt.
printf 'cgroup_controllers = [ ]\nnamespaces = [ ]\n' >>/etc/libvirt/qemu.conf
rm -rf /etc/libvirt/qemu/networks/autostart
virtlogd -d
libvirtd -d
deadline=$((SECONDS + 120))
until virsh -c qemu:///system version >/dev/null 2>&1; do
    ((SECONDS < deadline)) || { echo 'FAIL: libvirtd does not answer'; exit 1; }
    sleep 0.2
done
cd /run
exec "$here/../vlan_guest_mission.sh"
