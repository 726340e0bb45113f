"""Creates a value that is valid against a JSON Schema, deterministically.

Hints give the known values; see `opinions.py` and `verdicts.py`.

Supported: type (one or several, in either case), enum, const, $ref, anyOf, oneOf, allOf, nullable,
properties, required, additionalProperties, minProperties, items, prefixItems, minItems, maxItems,
uniqueItems, contains, minimum, maximum, both exclusive bounds, multipleOf, minLength, maxLength,
pattern (`patterns.py`) and the formats date, time, date-time, email, uri, uuid, ipv4. Not
supported, and ignored: not, if, dependencies, unevaluated parts.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from resources.local_server.asked import draw
from resources.local_server.patterns import text_of_pattern

Schema = Mapping[str, Any]
# property name -> value, for any place in the schema
Hints = Mapping[str, Any]

_DEEPEST = 12  # depth limit for recursive schemas
_WORDS = ("amber", "birch", "cedar", "dune", "elm", "fern", "grove", "heath", "iris", "jade")
_FORMATS = {
    "date": "2020-02-29",
    "time": "12:00:00Z",
    "date-time": "2020-02-29T12:00:00Z",
    "email": "someone@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}
_NONE = object()


def realise(schema: Schema, hints: Hints, seed: str) -> Any:
    """Return a value for the schema.

    Args:
        schema: JSON Schema, or its OpenAPI form in Gemini's `responseSchema`.
        hints: property name -> intended value; used if it fits the property's schema or can be
            adapted to it. For an array, a mapping provides its values. A name followed by a slash
            applies to properties that are objects.
        seed: Seed for everything that is left open.
    """
    return _Realiser(schema, hints, seed).value(schema, "", _NONE, 0)


class _Realiser:
    def __init__(self, root: Schema, hints: Hints, seed: str) -> None:
        self.root, self.hints, self.seed = root, hints, seed

    def value(self, schema: Any, path: str, hint: Any, depth: int) -> Any:
        schema = self._resolve(schema, path, hint, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choose(schema["enum"], path, hint)
        kind = self._kind(schema, hint, depth)
        if kind == "object":
            return self._object(schema, path, hint, depth)
        if kind == "array":
            return self._array(schema, path, hint, depth)
        if kind == "string":
            return self._string(schema, path, hint)
        if kind in ("integer", "number"):
            return self._number(schema, path, hint, kind == "integer")
        if kind == "boolean":
            return hint if isinstance(hint, bool) else self._draw(path) < 0.5
        return None

    def _draw(self, path: str) -> float:
        return draw(self.seed, path)

    def _resolve(self, schema: Any, path: str, hint: Any, depth: int) -> dict[str, Any]:
        """Return the schema with its references and alternatives resolved."""
        resolved = dict(schema) if isinstance(schema, Mapping) else {}
        for _ in range(64):
            if isinstance(reference := resolved.pop("$ref", None), str):
                resolved = {**self._find(reference), **resolved}
            elif parts := resolved.pop("allOf", None):
                for part in parts:
                    resolved = _join(resolved, self._resolve(part, path, hint, depth))
            elif options := resolved.pop("anyOf", None) or resolved.pop("oneOf", None):
                resolved = _join(resolved, self._option(options, path, hint, depth))
            else:
                break
        return resolved

    def _find(self, reference: str) -> Schema:
        found: Any = self.root
        for step in reference.lstrip("#/").split("/") if reference != "#" else ():
            found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
        return found if isinstance(found, Mapping) else {}

    def _option(self, options: Sequence[Any], path: str, hint: Any, depth: int) -> Schema:
        """Return the first option that is not null.

        Return null if the hint is None, or at the depth limit, to end a recursion.
        """
        resolved = [self._resolve(option, path, hint, depth) for option in options]
        nulls = [one for one in resolved if str(one.get("type", "")).lower() == "null"]
        others = [one for one in resolved if one not in nulls]
        if nulls and (hint is None or depth >= _DEEPEST or not others):
            return nulls[0]
        fitting = [one for one in others if _may_hold(one, hint)]
        return (fitting or others or resolved)[0]

    def _kind(self, schema: Schema, hint: Any, depth: int) -> str:
        kinds = schema.get("type")
        names = [str(kind).lower() for kind in ([kinds] if isinstance(kinds, str) else kinds or ())]
        may_be_null = "null" in names or schema.get("nullable") is True
        if may_be_null and (hint is None or depth >= _DEEPEST):
            return "null"
        names = [name for name in names if name != "null"]
        fitting = [name for name in names if _is_kind(name, hint)]
        if fitting or names:
            return (fitting or names)[0]
        if may_be_null:
            return "null"
        if "properties" in schema or "required" in schema:
            return "object"
        if "items" in schema or "prefixItems" in schema:
            return "array"
        if {"minimum", "maximum", "multipleOf", "exclusiveMinimum"} & schema.keys():
            return "number"
        return "string"

    def _choose(self, options: Sequence[Any], path: str, hint: Any) -> Any:
        if hint is None and None in options:
            return None
        if hint is not _NONE:
            wanted = str(hint).lower()
            for option in options:
                if option == hint or str(option).lower() == wanted:
                    return option
        named = [option for option in options if option is not None] or list(options)
        return named[int(self._draw(path) * len(named))]

    def _object(self, schema: Schema, path: str, hint: Any, depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required = list(schema.get("required") or ())
        known = hint if isinstance(hint, Mapping) else {}
        if not known and isinstance(
            named := self.hints.get(f"{path.rpartition('/')[2]}/"), Mapping
        ):
            known = named
        made: dict[str, Any] = {}
        for name, part in properties.items():
            meant = known.get(name, self.hints.get(name, _NONE))
            # Optional properties are included if a value is known, or if nothing is required.
            if name in required or (depth < _DEEPEST / 2 and (meant is not _NONE or not required)):
                made[name] = self.value(part, f"{path}/{name}", meant, depth + 1)
        rest = schema.get("additionalProperties", True)
        for name in required:
            if name not in made:
                made[name] = self.value(rest, f"{path}/{name}", known.get(name, _NONE), depth + 1)
        if rest is not False and not properties:
            for name, meant in known.items():
                made[name] = self.value(rest, f"{path}/{name}", meant, depth + 1)
        number = 0
        while rest is not False and len(made) < int(schema.get("minProperties") or 0):
            made[f"part_{number}"] = self.value(rest, f"{path}/{number}", _NONE, depth + 1)
            number += 1
        return made

    def _array(self, schema: Schema, path: str, hint: Any, depth: int) -> list[Any]:
        first = list(schema.get("prefixItems") or ())
        items = schema.get("items", {})
        least = int(schema.get("minItems") or 0)
        most = schema.get("maxItems")
        if items is False:
            most = len(first) if most is None else min(int(most), len(first))
        if isinstance(hint, Mapping):
            hint = list(hint.values())
        meant = list(hint) if isinstance(hint, list | tuple) else []
        wanted = len(meant) or min(2, len(first) or 2)
        if hint is not _NONE and not meant and isinstance(hint, list | tuple):
            wanted = 0
        if depth >= _DEEPEST:
            wanted = 0
        count = max(least, len(first) if first else 0, wanted)
        count = count if most is None else min(count, int(most))
        made: list[Any] = []
        for index in range(count):
            part = first[index] if index < len(first) else items
            if index == 0 and "contains" in schema and not first:
                part = schema["contains"]
            value = meant[index] if index < len(meant) else _NONE
            made.append(self.value(part, f"{path}/{index}", value, depth + 1))
        return self._made_unique(made, schema, path, depth) if schema.get("uniqueItems") else made

    def _made_unique(self, made: list[Any], schema: Schema, path: str, depth: int) -> list[Any]:
        """Return the array without duplicates; draw more values if too few remain."""
        unique: list[Any] = []
        for value in made:
            if value not in unique:
                unique.append(value)
        least = int(schema.get("minItems") or 0)
        choices = self._resolve(schema.get("items", {}), path, _NONE, depth).get("enum") or ()
        spare = [choice for choice in choices if choice not in unique]
        attempt = 0
        while len(unique) < least and attempt < 10_000:
            value = (
                spare.pop(0)
                if spare
                else self.value(schema.get("items", {}), f"{path}+{attempt}", _NONE, depth + 1)
            )
            attempt += 1
            if value not in unique:
                unique.append(value)
        return unique

    def _string(self, schema: Schema, path: str, hint: Any) -> str:
        least = int(schema.get("minLength") or 0)
        most = int(schema["maxLength"]) if schema.get("maxLength") is not None else None
        if isinstance(pattern := schema.get("pattern"), str):
            return text_of_pattern(pattern, hint if isinstance(hint, str) else "", least, most)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if isinstance(hint, str | int | float) and not isinstance(hint, bool):
            text = str(hint)
        else:
            text = _WORDS[int(self._draw(path) * len(_WORDS))]
            text = f"{text} {int(self._draw(f'{path}#') * 1000)}"
        while len(text) < least:
            text = f"{text} {_WORDS[len(text) % len(_WORDS)]}"
        return text if most is None else text[:most]

    def _number(self, schema: Schema, path: str, hint: Any, whole: bool) -> float | int:  # noqa: FBT001
        low, high = _bounds(schema, whole)
        step = schema.get("multipleOf") or (1 if whole else None)
        if isinstance(hint, int | float) and not isinstance(hint, bool):
            value = float(hint)
        else:
            bottom = low if low > -math.inf else min(0.0, high)
            top = high if high < math.inf else max(bottom, 0.0) + 10
            value = bottom + self._draw(path) * (top - bottom)
        value = min(max(value, low), high)
        if step:
            value = round(value / step) * step
            value = value + step if value < low else value - step if value > high else value
        if whole and value == int(value):
            return int(value)
        return value if step else round(value, 6) if low <= round(value, 6) <= high else value


def _bounds(schema: Schema, whole: bool) -> tuple[float, float]:  # noqa: FBT001
    """Return the least and the greatest value that the schema allows."""
    low = float(schema.get("minimum", -math.inf))
    high = float(schema.get("maximum", math.inf))
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    smallest = schema.get("multipleOf") or (1 if whole else None)
    # OpenAPI's older form marks the bound as exclusive with a boolean.
    above = low if above is True else above
    below = high if below is True else below
    if isinstance(above, int | float) and not isinstance(above, bool):
        low = max(low, above + smallest if smallest else math.nextafter(above, math.inf))
    if isinstance(below, int | float) and not isinstance(below, bool):
        high = min(high, below - smallest if smallest else math.nextafter(below, -math.inf))
    return low, high


def _join(one: Schema, other: Schema) -> dict[str, Any]:
    """Return both schemas combined; of two bounds the narrower applies."""
    joined = {**one, **other}
    for key in ("minimum", "minLength", "minItems"):
        if key in one and key in other:
            joined[key] = max(one[key], other[key])
    for key in ("maximum", "maxLength", "maxItems"):
        if key in one and key in other:
            joined[key] = min(one[key], other[key])
    if "enum" in one and "enum" in other:
        joined["enum"] = [value for value in one["enum"] if value in other["enum"]]
    for key in ("properties", "$defs"):
        if key in one and key in other:
            joined[key] = {**one[key], **other[key]}
    if "required" in one and "required" in other:
        joined["required"] = [*one["required"], *other["required"]]
    return joined


def _is_kind(name: str, hint: Any) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "object": (Mapping,),  # type: ignore[dict-item]
        "array": (list, tuple),
        "string": (str,),
        "boolean": (bool,),
        "number": (int, float),
        "integer": (int,),
    }
    return isinstance(hint, kinds.get(name, ())) and (name == "boolean") == isinstance(hint, bool)


def _may_hold(schema: Schema, hint: Any) -> bool:
    """Return whether the hint is of the schema's type."""
    if hint is _NONE:
        return False
    if "const" in schema:
        return schema["const"] == hint
    if "enum" in schema:
        return str(hint).lower() in [str(option).lower() for option in schema["enum"]]
    return _is_kind(str(schema.get("type", "")).lower(), hint)
