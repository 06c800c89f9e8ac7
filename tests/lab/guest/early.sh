#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first program of a host that borrows this machine's root file system: read-only over 9p, a tmpfs on top.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do insmod "/modules/$module" || echo "lab: cannot load $module"; done </modules/order

# word NAME: what the kernel's command line says of NAME=
word() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }

main=$(word lab.main)
run=$(word lab.run)

fail() {
    echo "lab: $1"
    poweroff -f
    sleep 60
}

mkdir /lower /over
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro,cache=loose root /lower || fail "cannot mount the root over 9p"
mount -t tmpfs -o mode=755 over /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/lower,upperdir=/over/upper,workdir=/over/work overlay /root || fail "cannot overlay the root"
mkdir -p /root/dev /root/proc /root/sys /root/run /root/tmp
for name in dev proc sys; do mount -o move "/$name" "/root/$name"; done
exec switch_root /root /bin/bash "$main" "$run" || fail "cannot enter the root"
