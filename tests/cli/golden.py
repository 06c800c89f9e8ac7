#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a tool prints with what it printed when somebody last looked.

usage: golden.py BINARY CASES [--accept]

CASES is a JSON list of {"name", "args", "exit", "schema"}. Words in args may hold {fixtures}. Standard output is compared
with NAME.out beside CASES, standard error with NAME.err (no such file: it must be empty). The exit code stands in CASES
and is never rewritten. A case with a "schema" prints one JSON record, which must keep to docs/schema/SCHEMA.json.

--accept rewrites the .out and .err files. Such a run ends with 77: it accepted, it did not pass.
"""
import difflib
import json
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = SOURCE / "tests" / "fixtures"
SKIPPED = 77


def run(binary, case):
    args = [word.format(fixtures=FIXTURES) for word in case["args"]]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    done = subprocess.run([binary, *args], capture_output=True, text=True, timeout=60, env=environment, check=False,
                          stdin=subprocess.DEVNULL)
    shown = [text.replace(str(FIXTURES), "{fixtures}") for text in (done.stdout, done.stderr)]
    return done.returncode, *shown


def schema_problems(case, text):
    import jsonschema  # here, so that text cases run where it is missing
    schema = json.loads((SOURCE / "docs" / "schema" / f"{case['schema']}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{problem.json_path}: {problem.message}" for problem in validator.iter_errors(json.loads(text))]


def difference(path, actual):
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    return list(difflib.unified_diff(expected.splitlines(), actual.splitlines(), f"{path.name} (accepted)", "now",
                                     lineterm=""))


def rewrite(path, text):
    """True if the file changed. Nothing to say: no file."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before == text:
        return False
    if text:
        path.write_text(text, encoding="utf-8")
    else:
        path.unlink()
    return True


def check(case, folder, outcome):
    code, out, err = outcome
    problems = difference(folder / f"{case['name']}.out", out) + difference(folder / f"{case['name']}.err", err)
    if code != case["exit"]:
        problems.append(f"exit code {code}, expected {case['exit']}")
    if case.get("schema"):
        problems += schema_problems(case, out)
    return problems


def can_validate(cases):
    if not any(case.get("schema") for case in cases):
        return True
    try:
        import jsonschema  # noqa: F401
        return True
    except ImportError:
        print("records were not checked against their schemas: install python3-jsonschema")
        return False


def accept(binary, cases, folder):
    changed = []
    for case in cases:
        code, out, err = run(binary, case)
        for suffix, text in (("out", out), ("err", err)):
            if rewrite(folder / f"{case['name']}.{suffix}", text):
                changed.append(f"{case['name']}.{suffix}")
        if code != case["exit"]:
            print(f"{case['name']}: exit code {code}, but {folder.name}/cases.json says {case['exit']}: not rewritten")
    print(f"accepted, not passed: {len(changed)} files changed{': ' if changed else ''}{', '.join(changed)}")
    return SKIPPED


def main():
    binary, cases_path = sys.argv[1], pathlib.Path(sys.argv[2])
    folder = cases_path.parent
    cases = json.loads(cases_path.read_text(encoding="utf-8"))
    if "--accept" in sys.argv[3:]:
        return accept(binary, cases, folder)
    validate = can_validate(cases)
    failed = 0
    for case in cases:
        judged = case if validate else {**case, "schema": None}
        problems = check(judged, folder, run(binary, case))
        failed += bool(problems)
        if problems:
            print(f"FAILED {case['name']}: {' '.join(case['args'])}", *problems, sep="\n  ")
    print(f"{len(cases) - failed} of {len(cases)} cases as accepted")
    if failed:
        print("look at each difference; if all are wanted: scripts/accept-golden")
        return 1
    if validate:
        return 0
    return 1 if os.environ.get("KVMKIT_TESTS_MUST_RUN") == "1" else SKIPPED


if __name__ == "__main__":
    sys.exit(main())
