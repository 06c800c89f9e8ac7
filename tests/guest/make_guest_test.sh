#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Boots the test guest under QEMU's own emulation: make_guest_test.sh SOURCE_DIR BUILD_DIR
set -euo pipefail

readonly source_dir=$1 build_dir=$2
readonly guest=$build_dir/guest
readonly skipped=77
readonly boot_seconds=18

work=
qemu_pid=

fail() {
    printf 'FAIL: %s\n' "$1" >&2
    if [[ -n $work && -s $work/console ]]; then sed 's/^/console: /' "$work/console" >&2; fi
    exit 1
}

skip_or_fail() {
    if [[ ${KVMKIT_TESTS_MUST_RUN-} == 1 ]]; then fail "$1"; fi
    printf 'SKIP: %s\n' "$1" >&2
    exit "$skipped"
}

end_qemu() {
    if [[ -z $qemu_pid ]]; then return 0; fi  # a bare return in a trap repeats the script's status
    kill "$qemu_pid" 2>/dev/null || true
    wait "$qemu_pid" || true
    qemu_pid=
}

clean_up() {
    end_qemu
    exec 3>&- 4>&-
    if [[ -n $work ]]; then rm -rf -- "$work"; fi
}

# boot NETWORK WORD...: the console is in $work/console, what is written to fd 3 is typed there, fd 4 is QEMU's monitor.
boot() {
    local network=$1
    shift
    : >"$work/console"
    timeout "$boot_seconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 1 -m 256 -display none -no-reboot \
        -nic "$network" -kernel "$guest/vmlinuz" -initrd "$guest/initrd" -append "console=ttyS0 quiet $*" \
        -chardev "pipe,id=console,path=$work/serial,logfile=$work/console" -serial chardev:console \
        -chardev "pipe,id=monitor,path=$work/monitor" -mon chardev=monitor &
    qemu_pid=$!
}

# expect_line REGEX: a whole line of the console, before QEMU's deadline.
expect_line() {
    while ! tr -d '\r' <"$work/console" | grep -xE -- "$1" >/dev/null; do
        kill -0 "$qemu_pid" 2>/dev/null || fail "the guest ended, or $boot_seconds s passed, without a line '$1'"
        sleep 0.1
    done
}

expect_end() {
    local status=0
    wait "$qemu_pid" || status=$?
    qemu_pid=
    [[ $status -eq 0 ]] || fail "after $1, QEMU ended with status $status instead of 0 (124: it did not end)"
}

refuses_bad_arguments() {
    local status=0
    "$source_dir/scripts/make-guest" 2>/dev/null || status=$?
    [[ $status -eq 2 ]] || fail "make-guest without a directory ended with status $status instead of 2"
    status=0
    "$source_dir/scripts/make-guest" "$work/console/guest" 2>/dev/null || status=$?
    [[ $status -eq 3 ]] || fail "make-guest below a file ended with status $status instead of 3"
}

answers_without_network_and_obeys_power_button() {
    boot none
    expect_line 'KVMKIT-GUEST ready NAME=guest IP=none SVM=1 VMX=0'
    printf 'system_powerdown\n' >&4
    expect_end "the power button"
}

gets_address_and_obeys_typed_poweroff() {
    boot user,model=virtio-net-pci kvmkit.name=web1
    expect_line 'KVMKIT-GUEST ready NAME=web1 IP=10\.0\.2\.15 SVM=1 VMX=0'
    printf 'poweroff\n' >&3
    expect_end "poweroff"
}

powers_off_by_mode() {
    boot none kvmkit.mode=poweroff
    expect_end "mode poweroff"
    expect_line 'KVMKIT-GUEST ready NAME=guest IP=none SVM=1 VMX=0'
}

main() {
    if ! command -v qemu-system-x86_64 >/dev/null; then
        skip_or_fail "qemu-system-x86_64 is not installed (apt-get install qemu-system-x86)"
    fi
    if [[ $(uname -m) != x86_64 ]] || ! command -v apt-get >/dev/null; then
        skip_or_fail "the guest is made on Debian for amd64 only"
    fi
    mkdir -p -- "$build_dir"
    "$source_dir/scripts/make-guest" "$guest" || fail "make-guest ended with status $?"
    "$source_dir/scripts/make-guest" "$guest" | grep '^up to date: ' >/dev/null ||
        fail "make-guest made the same guest twice"
    work=$(mktemp -d)
    trap clean_up EXIT
    : >"$work/console"
    mkfifo -- "$work"/{serial,monitor}.{in,out}
    # Both ends stay open here, so that neither QEMU nor this script waits for the other.
    exec 3<>"$work/serial.in" 4<>"$work/monitor.in" 5<>"$work/serial.out" 6<>"$work/monitor.out"
    local test
    for test in refuses_bad_arguments answers_without_network_and_obeys_power_button \
        gets_address_and_obeys_typed_poweroff powers_off_by_mode; do
        "$test"
        printf 'ok: %s\n' "${test//_/ }"
    done
}

main "$@"
