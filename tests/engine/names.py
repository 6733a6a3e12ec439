"""Compares the names of an SDK class with a plugin's: changes with Pulumi's code generator."""

import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

# Private, but the very functions by which the SDK itself turns Python names into wire names.
from pulumi import _types

Json = Mapping[str, Any]
Names = Mapping[str, Any]


@dataclass(frozen=True)
class Schema:
    """What one plugin accepts and returns."""

    document: Json

    def of(self, cls: type[pulumi.Resource]) -> Json:
        """The plugin's entry for an SDK class, by the token that the class would send."""
        if issubclass(cls, pulumi.ProviderResource):
            return typing.cast("Json", self.document["provider"])
        return typing.cast("Json", self.document["resources"][token(cls)])

    def nested(self, entry: Json) -> Json | None:
        """The properties behind a reference, if the entry is an object or a list of objects."""
        reference = str(entry.get("items", entry).get("$ref", ""))
        if not reference.startswith("#/types/"):
            return None
        found = self.document["types"][reference.removeprefix("#/types/")]
        return typing.cast("Json", found["properties"])


def differences(cls: type[pulumi.Resource], args: type, schema: Schema) -> list[str]:
    """Every input and output name of a class that the plugin would silently drop."""
    entry = schema.of(cls)
    inputs, outputs = _types.input_type_types(args), _types.resource_types(cls)
    found = [
        *_missing(f"{cls.__name__} input ", inputs, entry["inputProperties"], schema),
        *_missing(f"{cls.__name__} output ", outputs, entry["properties"], schema),
    ]
    return list(dict.fromkeys(found))  # an object's class and its TypedDict say the same


def token(cls: type[pulumi.Resource]) -> str:
    """`pulumi_docker.container.Container` is `docker:index/container:Container` on the wire."""
    package, module = cls.__module__.removeprefix("pulumi_").split(".")
    head, *rest = module.split("_")
    return f"{package}:index/{head}{''.join(map(str.capitalize, rest))}:{cls.__name__}"


def _missing(path: str, wanted: Names, offered: Json, schema: Schema) -> Iterator[str]:
    for name, hint in wanted.items():
        if name not in offered:
            yield f"{path}{name}: the plugin has no such name; it has {', '.join(sorted(offered))}"
        else:
            yield from _differing(f"{path}{name}", hint, offered[name], schema)


def _differing(path: str, hint: Any, entry: Json, schema: Schema) -> Iterator[str]:
    if _is_list(hint) != (entry.get("type") == "array"):
        yield f"{path}: the SDK says {hint}, the plugin {dict(entry)}"
    below = schema.nested(entry)
    for cls in _object_types(hint):
        if below is None:
            yield f"{path}: the SDK has the object {cls.__name__}, the plugin has none"
        else:
            yield from _missing(f"{path}.", _names(cls), below, schema)


def _names(cls: type) -> Names:
    is_input = _types.is_input_type(cls)
    return _types.input_type_types(cls) if is_input else _types.output_type_types(cls)


def _is_list(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if isinstance(origin, type):
        return issubclass(origin, Sequence)
    return any(_is_list(argument) for argument in typing.get_args(hint))


def _object_types(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and (_types.is_input_type(hint) or _types.is_output_type(hint)):
        yield hint
    for argument in typing.get_args(hint):
        yield from _object_types(argument)
