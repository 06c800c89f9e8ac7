#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first program on the borrowed root: makes the host that the job asks for, runs its command, reports, switches off.
# usage: main.sh RUN_FOLDER     its file `job` holds the settings, `out` is shared with the machine outside
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
run=$1
here=$(dirname -- "${BASH_SOURCE[0]}")
. "$run/job" # lab_* settings
export PATH=$lab_path:/run/lab/bin:$PATH

switch_off() {
    sync
    echo o >/proc/sysrq-trigger
    sleep 60
}

mount_world() {
    mount -t tmpfs -o mode=755 run /run
    mkdir -p /dev/pts /dev/shm /run/lock /run/lab/out /run/lab/bin
    mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
    mount -t tmpfs -o mode=1777 shm /dev/shm
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none out /run/lab/out
    mkdir -p "/lib/modules/$(uname -r)"
    mount --bind "$lab_modules" "/lib/modules/$(uname -r)"
    cp "$here"/lab-* /run/lab/bin/
    ln -sf /proc/self/fd /dev/fd
}

# As udev does it on a normal host; the job may ask for a broken one.
set_up_kvm() {
    [[ -z $lab_kvm_options ]] || modprobe kvm_amd $lab_kvm_options # words of their own, on purpose
    [[ -e /dev/kvm ]] || return 0
    chgrp kvm /dev/kvm
    chmod 0660 /dev/kvm
    case $lab_kvm_device in
        '') ;;
        absent) rm /dev/kvm ;;
        *) chown root:root /dev/kvm && chmod "$lab_kvm_device" /dev/kvm ;;
    esac
}

set_up_network() {
    local module
    hostname "$lab_host"
    ip link set lo up
    for module in $lab_load; do modprobe "$module"; done
    [[ -z $lab_address ]] || { ip address add "$lab_address" dev eth0 && ip link set eth0 up; }
}

# lab_ssh is an unpacked package: its programs, and libraries that this machine may lack.
start_ssh() {
    [[ -n $lab_ssh ]] || return 0
    local own=/run/lab/ssh
    mkdir -p /run/sshd "$own"
    cp "$run"/host_key "$run"/authorized_keys "$own"
    chmod 600 "$own"/*
    getent passwd sshd >/dev/null || echo 'sshd:x:64999:65534::/run/sshd:/usr/sbin/nologin' >>/etc/passwd
    LD_LIBRARY_PATH=$lab_ssh/usr/lib/x86_64-linux-gnu "$lab_ssh/usr/sbin/sshd" -f /dev/null -h "$own/host_key" \
        -o AuthorizedKeysFile="$own/authorized_keys" -o PermitRootLogin=yes -o StrictModes=no -o PidFile="$own/pid" \
        -o SetEnv=PATH="$PATH"
}

mount_world
set_up_kvm
set_up_network
start_ssh

export LAB_HOST=$lab_host LAB_BOOT=$lab_boot LAB_OUT=/run/lab/out
export GTEST_OUTPUT=xml:/run/lab/out/gtest.xml TERM=${lab_term:-dumb}
cd "$lab_folder" || cd /
if [[ -n $lab_shell ]]; then
    setsid bash -c 'exec bash -l </dev/ttyS0 >/dev/ttyS0 2>&1'
    echo 0 >/run/lab/out/exit
else
    touch /run/lab/out/ready
    "${lab_command[@]}" </dev/null >>/run/lab/out/stdout 2>>/run/lab/out/stderr
    echo $? >/run/lab/out/exit
fi
switch_off
