# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts/lint and scripts/test: how they configure and build a preset.
# shellcheck shell=bash

# configure PRESET [CMAKE-OPTION...]: cmake's words are shown where it fails.
configure() {
    mkdir -p build
    cmake --preset "$@" >build/configure.log 2>&1 || { cat build/configure.log >&2; return 3; }
}

# build_united PRESET [NINJA-OPTION...]: compiles several sources as one, in half the time, and once more each by itself where that
# fails.
build_united() {
    configure "$1" -DKVMKIT_UNITY=ON || return
    cmake --build --preset "$1" -- "${@:2}" && return
    echo 'That build compiled several sources as one. If the next one, of each by itself, succeeds where it failed, then' >&2
    echo 'cmake/unity_groups.py let sources together that do not go together: a mistake that costs twice the time.' >&2
    configure "$1" -DKVMKIT_UNITY=OFF && cmake --build --preset "$1" -- "${@:2}"
}
