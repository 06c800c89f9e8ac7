#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole mission on a host that has never seen kvmkit: fresh_host_test.sh SOURCE_DIR BUILD_DIR
# KVMKIT_PACKAGES=DIR takes the packages from there instead of building them.
set -euo pipefail

readonly source_dir=$1 build_dir=$2
readonly guest=$build_dir/guest
readonly here=$source_dir/tests/lab
readonly skipped=77

fail() {
    printf 'FAIL: %s\n' "$1" >&2
    exit 1
}

skip_or_fail() {
    if [[ ${KVMKIT_TESTS_MUST_RUN-} == 1 ]]; then fail "$1"; fi
    printf 'SKIP: %s\n' "$1" >&2
    exit "$skipped"
}

[[ $(uname -m) == x86_64 ]] || skip_or_fail "the lab's hosts are made on amd64 only"
((EUID == 0)) || skip_or_fail "the lab needs root"
command -v apt-get >/dev/null || skip_or_fail "the lab's hosts are made of Debian's packages, by apt-get"

packages=${KVMKIT_PACKAGES-}
if [[ -z $packages ]]; then
    "$source_dir/scripts/package"
    packages=$source_dir/build/release/packages
fi
mkdir -p "$build_dir"
"$source_dir/scripts/make-guest" "$guest"

copies=()
for file in "$packages"/kvmkit*.deb "$guest/vmlinuz" "$guest/initrd" "$here/fresh_host_mission.sh" \
    "$here/vlan_guest_mission.sh"; do
    copies+=(--copy "$file")
done
exec "$source_dir/scripts/lab" run debian --may-skip --timeout 2700 --output "$build_dir/lab/fresh-host" "${copies[@]}" -- \
    ./fresh_host_mission.sh
