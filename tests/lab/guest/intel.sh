#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first program of a host that lives in memory: makes the host that /job asks for, runs its command, reports, switches off.
# ttyS0 is the console, ttyS1 gets the command's stdout, ttyS2 its stderr, ttyS3 a GoogleTest report, if any, and exit=CODE.
/bin/busybox --install -s /bin
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
. /job # lab_* settings; the command becomes our arguments

mount_world() {
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    mount -t devtmpfs dev /dev
    mkdir -p /dev/pts /dev/shm /etc /run/lock /run/lab/out /tmp /var
    chmod 1777 /tmp
    mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
    mount -t tmpfs -o mode=1777 shm /dev/shm
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    ln -sf /proc/self/fd /dev/fd
    echo 'root:x:0:0:root:/root:/bin/sh' >/etc/passwd
    printf 'root:x:0:\ntty:x:5:\nkvm:x:104:\n' >/etc/group
    hostname "$lab_host"
    ip link set lo up
}

# So that modprobe(8) works, also for the command: each of our modules may need those before it.
describe_modules() {
    folder=/lib/modules/$(uname -r) earlier=
    mkdir -p "$folder"
    while read -r module; do
        echo "/modules/$module:$earlier"
        earlier=" /modules/$module$earlier"
    done </modules/order >"$folder/modules.dep"
}

# The device as udev makes it on a normal host.
set_up_kvm() {
    [ -z "$lab_kvm_options" ] || modprobe kvm_intel $lab_kvm_options # words of their own, on purpose
    [ -e /dev/kvm ] || return 0
    chgrp kvm /dev/kvm
    chmod 0660 /dev/kvm
}

# The lines are no terminals for the command, or it would colour its answers.
open_lines() {
    for line in 1 2 3; do stty -F "/dev/ttyS$line" raw -opost -echo 115200; done
    mkfifo /run/lab/stdout /run/lab/stderr
    cat /run/lab/stdout >/dev/ttyS1 &
    out=$!
    cat /run/lab/stderr >/dev/ttyS2 &
    err=$!
}

# What the command left behind and still holds its output is ended: only then is there an end to wait for.
drain_lines() {
    for process in /proc/[0-9]*; do
        case ${process#/proc/} in
            1 | "$out" | "$err") ;;
            *) kill -9 "${process#/proc/}" 2>/dev/null ;;
        esac
    done
    wait "$out" "$err"
}

mount_world
describe_modules
set_up_kvm
export PATH=$lab_path:$PATH LAB_HOST=$lab_host LAB_BOOT=1 LAB_OUT=/run/lab/out
export GTEST_OUTPUT=xml:/run/lab/out/gtest.xml TERM=${lab_term:-dumb}
mkdir -p "$lab_folder" && cd "$lab_folder" || cd /
if [ -n "$lab_shell" ]; then
    setsid sh -c 'exec sh -l </dev/ttyS0 >/dev/ttyS0 2>&1'
    echo exit=0 >/dev/ttyS3
else
    open_lines
    "$@" </dev/null >/run/lab/stdout 2>/run/lab/stderr
    code=$?
    drain_lines
    { [ ! -e /run/lab/out/gtest.xml ] || cat /run/lab/out/gtest.xml; echo "exit=$code"; } >/dev/ttyS3
fi
poweroff -f
