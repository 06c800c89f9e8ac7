#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tells which sources of one target can be compiled as one: prints a line "GROUP;SOURCE" for each that shares its group with
others. Two sources are kept apart where a name that one has for itself, in an unnamed namespace or as a macro, is something else
in the other: its own, or what a header gives to it. A source that calls something like a type of a header stands alone, and so does
one whose kernel headers define IPv6's addresses: the C library's do that, too, unless they come in the right order.
usage: unity_groups.py MOST SOURCE...            in the folder with lib/"""
import functools
import os
import pathlib
import re
import sys

OPENS = re.compile(r"namespace \{$")
CLOSES = re.compile(r"\}  // namespace$")
TYPE = re.compile(r"(?:template .*> )?(?:struct|class|enum class|enum) (\w+)")
ALIAS = re.compile(r"(?:using|namespace) (\w+) = ")
FUNCTION = re.compile(r".*?\b(\w+)\(")
USING = re.compile(r"using (?:\w+::)+(\w+);")
VALUE = re.compile(r".*?\b(\w+)(?:\[\w*\])?(?:\{| =(?: |$)|;)")
MACRO = re.compile(r"#define (\w+)")
WORD = re.compile(r"\w+")
INCLUDE = re.compile(r'^#include "(.*)"', re.MULTILINE)
DEFINES_IN6 = re.compile(r"^#include <linux/(?:if_bridge|in6|ipv6)\.h>", re.MULTILINE)
SHARED_BY_TESTS = pathlib.Path("tests/support")
NO_NAME = ("using ", "TEST", "INSTANTIATE", "static_assert", "#", "//", "{", "}", "/*", " ")


def declared(line):
    """The name that a line at the left margin gives, whether to a type, and what must be alike to be the same thing."""
    if alias := ALIAS.match(line):
        return alias[1], True, line
    if found := TYPE.match(line):
        return found[1], True, None
    if found := USING.match(line):
        return found[1], False, line
    found = [] if line.startswith(NO_NAME) else filter(None, (FUNCTION.match(line), VALUE.match(line)))
    first = min(found, key=re.Match.end, default=None)  # a value may be what a function gives, a function's argument have one
    return (first[1], False, None) if first else None


class Headers:
    """What the headers of the libraries, those of the sources' own folder, and those that tests share give names to."""

    def __init__(self, sources):
        self.names = set()
        self.types = set()
        self.aliases = {}  # -> how the own folder's headers say it
        near = pathlib.Path(os.path.commonpath([source.parent for source in sources]))
        folders = [pathlib.Path("lib"), near] + [SHARED_BY_TESTS] * ("tests" in near.parts)
        for header in {header for folder in folders for header in folder.rglob("*.hpp")}:
            for line in header.read_text(encoding="utf-8").splitlines():
                if given := declared(line):
                    self.names.add(given[0])
                    if given[1]:
                        self.types.add(given[0])
                    if given[1] and near in header.parents:
                        self.aliases[given[0]] = given[2]

    def mean_otherwise(self, source):
        """Whether a name of the source's own is a type of theirs."""
        return any(name in self.types if text is None else self.aliases.get(name, text) != text
                   for name, text in source.names.items())


@functools.cache
def words_of(path):
    """All that a file says, and the project's headers that it includes."""
    text = path.read_text(encoding="utf-8")
    words = set(WORD.findall(text))
    for name in INCLUDE.findall(text):
        header = next((place for place in (path.parent / name, pathlib.Path("lib") / name, SHARED_BY_TESTS.parent / name)
                       if place.exists()), None)
        words |= words_of(header) if header else set()
    return words


class Source:
    def __init__(self, path):
        self.path = path
        text = path.read_text(encoding="utf-8")
        self.words = words_of(path)
        self.stands_alone = DEFINES_IN6.search(text) is not None
        self.names = {}  # -> the text that may be repeated, or None
        inside = False
        for line in text.splitlines():
            inside = (inside or OPENS.match(line)) and not CLOSES.match(line)
            if macro := MACRO.match(line):
                self.names[macro[1]] = None
            elif inside or line.startswith(("using ", "namespace ", "static ")):
                if given := declared(line):
                    self.names[given[0]] = given[2]

    def hides_from(self, other, headers):
        """Whether the other one means a header's by a name that is this one's own."""
        return any(name in headers.names and name in other.words and name not in other.names for name in self.names)

    def goes_with(self, other, headers):
        alike = all(self.names[name] is not None and self.names[name] == other.names[name]
                    for name in self.names.keys() & other.names.keys())
        return alike and not self.hides_from(other, headers) and not other.hides_from(self, headers)


def main():
    most = int(sys.argv[1])
    sources = [pathlib.Path(source) for source in sys.argv[2:]]
    headers = Headers(sources)
    groups = []
    for source in map(Source, sources):
        if source.stands_alone or headers.mean_otherwise(source):
            continue
        for group in groups:
            if len(group) < most and all(source.goes_with(other, headers) for other in group):
                group.append(source)
                break
        else:
            groups.append([source])
    for number, group in enumerate(groups):
        for source in group if len(group) > 1 else []:
            print(f"{number};{source.path}")


if __name__ == "__main__":
    main()
