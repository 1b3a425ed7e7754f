"""Frozen, validated configuration: pydantic models to and from JSON, with dotted overrides."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from antiphon.errors import InputError


class Config(BaseModel):
    """Base of every configuration: immutable, unknown keys refused, plain JSON in and out."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    @classmethod
    def parse(cls, values: Mapping[str, Any], where: str = "config") -> Self:
        """Validate plain values; the first fault becomes one sentence that names `where` and the key."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            raise InputError(_sentence(cls, error, where)) from None

    def override(self, assignments: Sequence[str], where: str = "option") -> Self:
        """Return a copy with dotted assignments applied, such as `train.batch_size=64` or `family.latent_dim=32`."""
        values = self.model_dump(mode="json")
        for assignment in assignments:
            key, sign, text = assignment.partition("=")
            if not sign or not key:
                raise InputError(f"{where} {assignment!r}: write it as key=value, such as train.batch_size=64")
            _assign(values, key.split("."), _value(text), f"{where} {assignment!r}")
        return type(self).parse(values, where)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _assign(values: dict[str, Any], path: list[str], value: Any, where: str) -> None:
    for key in path[:-1]:
        if not isinstance(values.get(key), dict):
            raise InputError(f"{where}: there is no section {key!r}; choose one of {', '.join(sorted(values))}")
        values = values[key]
    if path[-1] not in values:
        raise InputError(f"{where}: there is no key {path[-1]!r}; choose one of {', '.join(sorted(values))}")
    values[path[-1]] = value


def _sentence(model: type[BaseModel], error: ValidationError, where: str) -> str:
    first = error.errors()[0]
    path, section = _located(model, first["loc"])
    key = ".".join(path) or model.__name__
    if first["type"] == "extra_forbidden":
        return f"{where}: there is no key {key!r}; choose one of {', '.join(section.model_fields)}"
    if first["type"] == "missing":
        return f"{where}: the key {key!r} is missing; add it"
    if first["type"] == "union_tag_invalid":
        tag = str(first["ctx"]["discriminator"]).strip("'")
        tag = "kind" if tag.endswith("()") else tag
        return (
            f"{where}: {key}.{tag} = {first['ctx']['tag']!r} will not do: choose one of {first['ctx']['expected_tags']}"
        )
    message = first["msg"].removeprefix("Value error, ")
    if isinstance(first["input"], Mapping):
        # A fault of several keys together, which the message names; all that the section holds would drown it.
        return f"{where}: {message}" if not path else f"{where}: {key}: {message}"
    return f"{where}: {key} = {first['input']!r} will not do: {message[:1].lower()}{message[1:]}"


def _located(model: type[BaseModel], place: Sequence[int | str]) -> tuple[list[str], type[BaseModel]]:
    """The keys of a fault as a user writes them, and the section that holds the last one; pydantic puts the kind of a
    section between them where there is a choice of kinds."""
    path: list[str] = []
    sections, section = [model], model
    for part in place:
        if len(sections) > 1 and isinstance(part, str):
            sections = [choice for choice in sections if part in _tags(choice)]
            continue
        path.append(str(part))
        if len(sections) == 1 and isinstance(part, str):
            section = sections[0]
            field = section.model_fields.get(part)
            sections = [] if field is None else list(_sections(field.annotation))
    return path, section


def _tags(choice: type[BaseModel]) -> list[Any]:
    """By what a choice among sections is known."""
    return [choice.model_fields[name].default for name in ("kind", "design") if name in choice.model_fields]


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation: alone, in a union or as elements."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)
