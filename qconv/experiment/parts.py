"""What a spec may be made of: values that are equal where they say the same, and never change."""

import dataclasses
import inspect
from enum import Enum
from typing import Any

import flax.linen as nn

from qconv.bounds import check_number
from qconv.errors import InputError
from qconv.fields import fields


def check_parts(spec: Any, name: str = "the spec", owner: str = "") -> None:
    """Refuses what is not equal to a copy of itself, or may change, and numbers that nothing can count to.

    Functions and classes, as Flax's own layers have among their fields, are looked at where the spec is written.

    Args:
        spec: an experiment, a measurement, or a part of one, however deep in it.
        name: of the field that holds it.
        owner: the class of that field.

    Raises:
        InputError: an object of a class that is no frozen dataclass, such as a list or an array; or see `check_number`.
    """
    if spec is None or isinstance(spec, bool | str) or hasattr(spec, "__name__"):
        return
    if isinstance(spec, int | float):
        check_number(name, spec)
    elif isinstance(spec, tuple):
        for item in spec:
            check_parts(item, name, owner)
    elif mistake := _mistake(type(spec)):
        place = f"{name} of {owner}" if owner else name
        raise InputError(
            f"{place} holds an object of the class {type(spec).__qualname__}, {mistake}; allowed: classes with "
            "@dataclass(frozen=True), Flax modules, tuples, numbers, strings, bools and None"
        )
    elif dataclasses.is_dataclass(spec):
        for field, value in fields(spec).items():
            check_parts(value, field, type(spec).__name__)


def _mistake(cls: Any) -> str:
    """Why objects of a class are no values; empty if they are."""
    if issubclass(cls, nn.Module):  # a dataclass that Flax freezes
        return ""
    by_value = cls.__eq__ is not object.__eq__ and cls.__hash__ not in (None, object.__hash__)
    if not dataclasses.is_dataclass(cls):
        return "" if by_value or issubclass(cls, Enum) else "which is no dataclass"
    if "__dataclass_params__" not in vars(cls) and any(map(_is_field, inspect.get_annotations(cls).values())):
        return "which is no dataclass itself, so that what it adds are no fields"
    if not cls.__dataclass_params__.frozen:
        return "a dataclass without frozen=True"
    return "" if by_value else "a dataclass with eq=False"


def _is_field(annotation: Any) -> bool:
    return "ClassVar" not in str(annotation)
