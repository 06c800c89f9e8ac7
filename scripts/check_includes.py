#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where the code leaves the architecture: an include that goes upward or sideways, a foreign library outside its
directory, a file over its line limit. The tables are docs/architecture.md in a form that a machine reads."""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": set(),
    "system": {"base"},
    "facts": {"base"},
    "cli": {"base"},
    "txn": {"base", "system"},
    "history": {"base", "cli", "txn"},
    "kvm": {"base", "system"},
    "probe": {"base", "facts", "system", "kvm"},
    "check": {"base", "facts"},
    "net": {"base", "system", "txn"},
    "setup": {"base", "facts", "system", "txn"},
    "virt": {"base", "facts", "system", "txn"},
    "report": {"base", "check", "facts"},
}

# A prefix of a system include -> the directories that may write it. `tools` and `tests` are checked like layers.
FOREIGN = {
    "netlink/": {"net"},
    "linux/rtnetlink.h": {"net", "probe"},  # probe asks one question, and may not link libnl
    "linux/if_": {"net"},
    "libvirt/": {"virt"},
    "archive": {"virt"},
    "linux/kvm.h": {"kvm"},
    "asm/kvm.h": {"kvm"},
    "boost/program_options": {"cli", "tools"},
    "spdlog/": {"base", "cli"},
    "pugixml": {"virt"},
    "curl/": {"virt"},
    "openssl/": {"virt"},
    "yaml.h": {"net"},
    "systemd/": {"net"},
}

# facts/ and check/ are pure: none of these.
IMPURE = re.compile(r"<(fstream|cstdio|unistd\.h|fcntl\.h|sys/\w+\.h|filesystem|thread|iostream)>")
LINE_LIMIT = 400

INCLUDE = re.compile(r'^#include ([<"])([^">]+)[>"]')


def problems_in_line(path, layer, line):
    match = INCLUDE.match(line)
    if not match:
        return
    bracket, name = match.groups()
    if bracket == '"':
        first = name.split("/")[0]
        if layer in MAY_INCLUDE and first in MAY_INCLUDE and first != layer and first not in MAY_INCLUDE[layer]:
            yield f"{layer}/ may not include {first}/"
        if layer in MAY_INCLUDE and "/" not in name:
            yield f"includes inside lib/ name their directory: \"{layer}/{name}\""
        return
    for prefix, owners in FOREIGN.items():
        if name.startswith(prefix) and layer not in owners | {"tests", "bench"}:
            yield f"only {', '.join(sorted(owners))} may include <{prefix}...>"
    if layer in ("facts", "check") and IMPURE.match(f"<{name}>"):
        yield f"{layer}/ is pure and may not include <{name}>"


def foreign_in_header(path, layer, line):
    match = INCLUDE.match(line)
    if match and path.suffix == ".hpp" and layer in ("net", "virt", "kvm"):
        name = match.group(2)
        if any(name.startswith(prefix) for prefix in ("netlink/", "libvirt/", "linux/kvm", "asm/kvm", "pugixml", "archive")):
            private = path.stem.endswith("_private") or "internal" in path.parts
            if not private:
                yield f"<{name}> in a header: foreign types stop in .cpp files (or in internal/)"


def check(path):
    layer = path.parts[1] if path.parts[0] == "lib" else path.parts[0]
    text = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(text, 1):
        for rule in (problems_in_line, foreign_in_header):
            for problem in rule(path, layer, line):
                yield f"{path}:{number}: {problem}"
    if len(text) > LINE_LIMIT:
        yield f"{path}: {len(text)} lines, the limit is {LINE_LIMIT}"
    if text and "SPDX-License-Identifier: Apache-2.0" not in text[0]:
        yield f"{path}:1: the first line names the licence"


def main():
    found = []
    for top in ("lib", "tools", "tests", "bench"):
        for path in sorted(pathlib.Path(top).rglob("*.[ch]pp")):
            found.extend(check(path))
    print("\n".join(found) if found else "check_includes: the code keeps to the architecture")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
