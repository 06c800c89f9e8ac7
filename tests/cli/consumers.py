# SPDX-License-Identifier: Apache-2.0
"""Reads kvm-check's formats as strictly as those do for whom they are made. Each reader raises ValueError on the first
thing that its consumer would refuse, and returns what it read."""
import re
import shutil
import subprocess

# The perfdata of the Monitoring Plugins Development Guidelines: 'label'=value[UOM];[warn];[crit];[min];[max]
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
RANGE = rf"(?:@?(?:(?:{NUMBER}|~)?:)?(?:{NUMBER})?)"
PERFDATA = re.compile(rf"(?P<label>'[^'=]+'|[^\s'=]+)=(?P<value>{NUMBER}|U)(?P<unit>s|ms|us|%|[KMGT]?B|c|)"
                      rf"(?:;(?P<warn>{RANGE})(?:;(?P<crit>{RANGE})(?:;(?P<min>(?:{NUMBER})?)(?:;(?P<max>(?:{NUMBER})?))?)?)?)?")
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")


def nagios(text):
    """{"state", "text", "perfdata": {label: value}}"""
    if not text.endswith("\n") or text.count("\n") != 1:
        raise ValueError("a plugin prints one line")
    line = text[:-1]
    if line.count("|") > 1:
        raise ValueError("more than one bar")
    said, _, data = line.partition("|")
    words = said.split()
    if words[0] != "KVM" or words[1] not in STATES or words[2] != "-":
        raise ValueError(f"not SERVICE STATE - text: {said}")
    perfdata = {}
    for item in data.split():
        match = PERFDATA.fullmatch(item)
        if not match or match["label"] in perfdata:
            raise ValueError(f"no performance data: {item}")
        perfdata[match["label"]] = float(match["value"])
    return {"state": words[1], "text": said.strip(), "perfdata": perfdata}


METRIC = re.compile(r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>[^\n]*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?P<value>(?:[^"\\\n]|\\["\\n])*)"')


def labels_of(text):
    found = {}
    while text:
        match = LABEL.match(text)
        if not match or match["name"] in found:
            raise ValueError(f"no labels: {text}")
        found[match["name"]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], match["value"])
        text = text[match.end():]
        if text and not text.startswith(","):
            raise ValueError(f"no labels: {text}")
        text = text[1:]
    return found


def prometheus(text):
    """{(name, labels as sorted pairs): value}. The text exposition format 0.0.4, without time stamps, as node_exporter's
    textfile collector wants it: HELP and TYPE before their samples, each family in one piece, no series twice."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    samples, helped, typed, family, closed = {}, set(), set(), None, set()
    for line in text[:-1].split("\n"):
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            seen = {"HELP": helped, "TYPE": typed}[kind]
            if name in seen or name in closed:
                raise ValueError(f"{kind} of {name} twice")
            seen.add(name)
            if kind == "TYPE" and (rest != "gauge" or name not in helped):
                raise ValueError(f"bad TYPE of {name}")
            if name != family:
                closed.add(family)
                family = name
            continue
        match = METRIC.fullmatch(line)
        if not match or match["name"] != family or family not in typed:
            raise ValueError(f"no sample of {family}: {line}")
        key = (match["name"], tuple(sorted(labels_of(match["labels"] or "").items())))
        if key in samples:
            raise ValueError(f"twice: {line}")
        samples[key] = float(match["value"])
    return samples


def promtool(text):
    """promtool's own opinion; False where it is not installed."""
    if shutil.which("promtool") is None:
        return False
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60,
                          check=False)
    if done.returncode != 0 or done.stderr.strip():
        raise ValueError(f"promtool: {done.stdout}{done.stderr}")
    return True


def prometheus_client(text):
    """The parser of Prometheus' own Python library; None where it is not installed."""
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError:
        return None
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def cells(line):
    """A row of a GitHub table, backslash escapes undone; code spans keep their text."""
    if not (line.startswith("| ") and line.endswith(" |")) and line != "| | |":
        raise ValueError(f"no row: {line}")
    parts = re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1]
    plain = []
    for part in parts:
        text = part.strip()
        if re.search(r"(?<!\\)[*_\[\]<>&~#]", re.sub(r"`[^`]*`", "", text)):
            raise ValueError(f"not escaped: {text}")
        plain.append(re.sub(r"\\(.)", r"\1", text).strip("`"))
    return plain


def markdown(text):
    """{"title", "host": {name: value}, "checks": {id: (status, evidence)}}; checks that each table is one."""
    lines = text.split("\n")
    if not lines[0].startswith("## KVM: "):
        raise ValueError("no title")
    tables, fence = [], None
    for number, line in enumerate(lines):
        opened = re.fullmatch(r"(`{3,})(?:sh)?", line)
        if fence is None and opened:
            fence = opened[1]
        elif fence is not None and line == fence:
            fence = None
        elif fence is None and line.startswith("|---"):
            width = len(cells(lines[number - 1]))
            if line != "|" + "---|" * width or lines[number - 2] != "":
                raise ValueError(f"no table at line {number}")
            rows = []
            for row in lines[number + 1:]:
                if not row.startswith("|"):
                    break
                rows.append(cells(row))
                if len(rows[-1]) != width:
                    raise ValueError(f"not {width} cells: {row}")
            tables.append(rows)
    if fence is not None or len(tables) != 2:
        raise ValueError("a fence is open, or there are not two tables")
    return {"title": lines[0][len("## KVM: "):], "host": dict(tables[0]),
            "checks": {row[0]: (row[1], row[2]) for row in tables[1]}}


def kvm_ok(text):
    """Whether KVM can be used, as scripts read it, and the lines before."""
    lines = text.splitlines()
    answers = {"KVM acceleration can be used": True, "KVM acceleration can NOT be used": False}
    if lines[-1] not in answers or any(line in answers for line in lines[:-1]):
        raise ValueError("no answer of kvm-ok")
    if not all(line.startswith(("INFO: ", "HINT: ", "      ")) for line in lines[:-1]):
        raise ValueError("a line that kvm-ok would not print")
    return answers[lines[-1]], lines[:-1]
