# SPDX-License-Identifier: Apache-2.0
"""Checks a record against docs/schema: the part of JSON Schema that those files use."""
import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs/schema"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}


def has_type(value, name: str) -> bool:
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def problems(value, schema: dict, whole: dict, path: str = "$") -> list:
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        tries = [problems(value, each, whole, path) for each in schema["anyOf"]]
        return [] if [] in tries else min(tries, key=len)
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(has_type(value, name) for name in wanted):
        return [f"{path}: {value!r} is no {wanted}"]
    if "const" in schema and value != schema["const"]:
        return [f"{path}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is none of {schema['enum']}"]
    found = []
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
        found += [f"{path}: {name} is unknown" for name in value
                  if name not in known and schema.get("additionalProperties") is False]
        for name, each in value.items():
            found += problems(each, known.get(name, {}), whole, f"{path}.{name}")
    if isinstance(value, list):
        for index, each in enumerate(value):
            found += problems(each, schema.get("items", {}), whole, f"{path}[{index}]")
    return found


def check(record: dict) -> None:
    """Finds the schema by the record's own name, and asserts that it fits."""
    schema = json.loads((FOLDER / (record["schema"].replace("/", "-") + ".json")).read_text())
    found = problems(record, schema, schema)
    assert not found, found
