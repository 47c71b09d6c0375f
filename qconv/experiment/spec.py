"""Specs to JSON and back, and the run id.

A dataclass or Flax module becomes `{"class": "module.Name", ...fields}`, a tuple a list; a class of qconv has the name
that users import, wherever its module lies. Anything else in a spec must be a number, a string, a bool or None: so a
spec read back equals the one written, and its hash identifies the run.
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any

import qconv
from qconv.data.dataset import Dataset, Split
from qconv.errors import InputError, QconvError
from qconv.experiment.code import own_code
from qconv.experiment.discovery import import_from
from qconv.fields import fields


def to_json(spec: Any) -> Any:
    """A spec as JSON values.

    Raises:
        InputError: a value that is none of the allowed kinds.
    """
    if isinstance(spec, float) and not math.isfinite(spec):
        raise InputError(f"a spec holds {spec}; allowed: finite numbers, which is all that JSON can say")
    if spec is None or isinstance(spec, bool | int | float | str):
        return spec
    if isinstance(spec, tuple):
        return [to_json(item) for item in spec]
    if dataclasses.is_dataclass(spec) and not isinstance(spec, type):
        own = {name: to_json(value) for name, value in fields(spec).items() if not _says_nothing(spec, name, value)}
        return {"class": _qualified_name(type(spec))} | own
    raise InputError(
        f"a spec holds {spec!r}; allowed: frozen dataclasses, Flax modules, tuples, numbers, strings, bools and None"
    )


def from_json(value: Any) -> Any:
    """The spec that `to_json` wrote.

    Raises:
        InputError: a class that is gone, or has other fields by now.
    """
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    if not isinstance(value, dict):
        return value
    name = value["class"]
    module, _, attribute = name.rpartition(".")
    try:
        cls = getattr(import_from(module), attribute)
        return cls(**{key: from_json(item) for key, item in value.items() if key != "class"})
    except QconvError:
        raise
    except Exception as error:  # whatever the code of a user's own raises
        raise InputError(f"the spec names {name}, which cannot be built: {type(error).__name__}: {error}") from error


def run_id(spec: Any) -> str:
    """Ten hexadecimal digits that identify a spec, whatever its seed, and the code and the files that it stands for.

    See `code_of` and `contents_of`.

    Raises:
        InputError: files of its data cannot be read.
    """
    value = to_json(spec)
    identity = {"spec": {k: v for k, v in value.items() if k != "seed"}, "code": code_of(spec)} | _contents(spec)
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]


def code_of(spec: Any) -> dict[str, str]:
    """What is known of the code of each class in a spec that does not come with qconv, by its name; see `own_code`."""
    return own_code({type(part) for part in parts_of(spec)})


def contents_of(spec: Any) -> list[str]:
    """A digest of the user's own files that each dataset in a spec is read from, where there are such.

    Raises:
        InputError: they cannot be read.
    """
    contents = [part.contents for part in parts_of(spec) if isinstance(part, Dataset)]
    return [digest for digest in contents if digest]


def items_id(data: Dataset, split: Split, count: int) -> str:
    """Ten hexadecimal digits that identify the images of a split, however they were changed; see `Dataset.items`.

    Args:
        data: the dataset.
        split: of it.
        count: how many images that has here.
    """
    items = data.items(split)
    identity = {"data": to_json(items), "code": code_of(items), "split": split, "count": count} | _contents(items)
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]


def _contents(spec: Any) -> dict[str, list[str]]:
    """The files of a spec as a part of its identity; none where it has none, as most have."""
    contents = contents_of(spec)
    return {"contents": contents} if contents else {}


def parts_of(spec: Any) -> Iterator[Any]:
    """A spec and all dataclasses in it, however deep; one that is there several times comes several times."""
    if isinstance(spec, tuple):
        for item in spec:
            yield from parts_of(item)
    elif dataclasses.is_dataclass(spec):
        yield spec
        for value in fields(spec).values():
            yield from parts_of(value)


def _says_nothing(spec: Any, name: str, value: Any) -> bool:
    """Whether a field has the function or class that it has by default, as those of Flax's own layers."""
    return callable(value) and not dataclasses.is_dataclass(value) and value is getattr(type(spec), name, None)


def _qualified_name(cls: type) -> str:
    """Where a class is imported from; of qconv its public name, which stays where it is if a module moves."""
    if cls.__module__.startswith("qconv.") and getattr(qconv, cls.__name__, None) is cls:
        return f"qconv.{cls.__name__}"
    if "." in cls.__qualname__ or cls.__module__ == "__main__":
        raise InputError(f"{cls.__qualname__} in a spec must be a class at the top level of an importable module")
    return f"{cls.__module__}.{cls.__qualname__}"
