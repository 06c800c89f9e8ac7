# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/bootstrap, scripts/test and .ci/run: which Debian packages they need, and how to get the missing ones.
# shellcheck shell=bash

# To compile kvmkit and to make its packages.
build_packages=(
    ca-certificates cmake dpkg-dev file g++ libarchive-dev libboost-program-options-dev libcurl4-openssl-dev libexpected-dev
    libfmt-dev libnl-3-dev libnl-route-3-dev libpugixml-dev libspdlog-dev libssl-dev libsystemd-dev libvirt-dev libyaml-dev
    make ninja-build nlohmann-json3-dev pkg-config python3
)
# To run the tests: the peers that they ask as independent witnesses, and real virtualization.
test_packages=(
    dbus dnsmasq-base e2fsprogs fish gnupg iproute2 kmod libgtest-dev libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu
    libvirt-daemon-system libxml2-utils mmdebstrap openssh-client openssl ovmf procps python3-jsonschema python3-yaml
    qemu-system-x86 qemu-utils swtpm swtpm-tools systemd-container util-linux virtinst zsh
)
# For the emulated hosts of scripts/lab.
lab_packages=(
    binutils bochs bochs-term bochsbios iproute2 isolinux kmod openssh-client python3 qemu-system-x86 qemu-utils seabios vgabios
    syslinux-common util-linux xorriso
)
# For tests that must not be skipped in .ci/run. Not for scripts/test: on a host of somebody's, NetworkManager would start and
# might take up cards that are not its own; and a viewer brings a desktop's libraries. Without them their tests are skipped and say so.
ci_packages=(network-manager virt-viewer xvfb)
# To check format, style and a second compiler.
lint_packages=(clang clang-format clang-tidy libclang-rt-14-dev)

# What of the named packages is not installed, one per line.
missing_packages() {
    local name
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
    done
}

# Runs apt-get so that nothing in it can ask, and waits for other package managers for up to ten minutes.
quiet_apt() {
    DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 \
        apt-get -y -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o APT::Install-Recommends=false \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}

# Installs what is missing of the named packages; prints nothing where nothing is missing. LOG gets apt's own words.
install_missing() {
    local log=$1 missing
    shift
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        echo "missing packages: ${missing[*]}" >&2
        echo "  hint: run this as root, or: apt-get install --no-install-recommends ${missing[*]}" >&2
        return 3
    fi
    echo "installing ${#missing[@]} packages: ${missing[*]}"
    mkdir -p "$(dirname "$log")"
    if ! { quiet_apt update && quiet_apt install "${missing[@]}"; } >"$log" 2>&1; then
        echo "cannot install packages; the last lines of $log:" >&2
        tail -n 15 "$log" >&2
        return 3
    fi
}
