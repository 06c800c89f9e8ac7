#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where docs and code part: a command or an option that its man page does not name, a page or schema of a command
that is no more, a relative link that leads nowhere, a file that names a place of one machine."""
import pathlib
import re
import subprocess
import sys

TOOLS = ("kvm-check", "host-setup", "net-setup", "vm-run")
COMMAND = re.compile(r'Command\{\s*"([a-z -]+)"')
OPTION = re.compile(r'^\s*(?:add)?\(\s*"([a-z-]+)(?:,\w)?",|\)\(\s*"([a-z-]+)(?:,\w)?",|add\("([a-z-]+)(?:,\w)?",')
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PRIVATE = re.compile(r"(?<![\w.])/(?:work|farm)/|/tmp/w[-/]|\.library\b")


def plain(page):
    """A man page's text with roff's escapes undone, so that a word can be looked for."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"\\f.|\\&", "", text).replace("\\-", "-")


def undocumented(tool):
    page = pathlib.Path(f"docs/man/{tool}.1")
    if not page.exists():
        yield f"{page}: missing"
        return
    text = plain(page)
    for source in sorted(pathlib.Path(f"tools/{tool}").rglob("*.cpp")):
        code = source.read_text(encoding="utf-8")
        for name in COMMAND.findall(code):
            if name not in text:
                yield f"{page}: says nothing of the command '{name}' ({source})"
        for line in code.splitlines():
            for groups in OPTION.findall(line):
                name = next(filter(None, groups))
                if f"--{name}" not in text and f"Fl -{name}" not in text:
                    yield f"{page}: says nothing of --{name} ({source})"


def dead_links(tracked):
    for name in tracked:
        if name.endswith(".md"):
            for target in LINK.findall(pathlib.Path(name).read_text(encoding="utf-8")):
                if not (pathlib.Path(name).parent / target).exists():
                    yield f"{name}: leads to {target}, which is not there"


def private_words(tracked):
    for name in tracked:
        if name == "scripts/check_docs.py":
            continue
        try:
            text = pathlib.Path(name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if PRIVATE.search(line):
                yield f"{name}:{number}: names a place of one machine"


def main():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [problem for tool in TOOLS for problem in undocumented(tool)]
    found += [*dead_links(tracked), *private_words(tracked)]
    print("\n".join(found) if found else "check_docs: the pages name every command and option")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
