#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the lab's command on a fresh host that has booted. Where the command had the host booted again, it is run again then.
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/lab/bin
export LAB_OUT=/run/lab/out GTEST_OUTPUT=xml:/run/lab/out/gtest.xml
. /opt/lab/job
mkdir -p /run/lab/out
if [[ -z $LAB_BOOT ]]; then
    LAB_BOOT=$(($(cat /opt/lab/boots 2>/dev/null) + 1))
    echo "$LAB_BOOT" >/opt/lab/boots
fi
cd /root || exit
[[ -z $lab_shell ]] || exec bash -l
"${lab_command[@]}" </dev/null
code=$?
# A host that is going down has no exit code to tell: it is told by the next boot. No answer at all means that, too.
while state=$(systemctl is-system-running 2>/dev/null); [[ -z $state || $state == stopping ]]; do sleep 0.2; done
echo "$code" >/run/lab/out/exit
exit "$code"
