"""Parameters of estimators that lie in specs: fields of frozen dataclasses, however deep.

scikit-learn reaches what lies in an estimator by names such as `kernel__circuit__encoding__scale`, and changes it in
place. Specs never change, so that here another one takes the place of the old.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from qconv.fields import fields

if TYPE_CHECKING:

    class HasParams:
        """What comes after the mixin: an estimator or a kernel of scikit-learn."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """As scikit-learn has it."""
            ...

        def set_params(self, **params: Any) -> Any:
            """As scikit-learn has it."""

else:
    HasParams = object


Own = TypeVar("Own", bound="SpecParams")


class SpecParams(HasParams):
    """`get_params` and `set_params` that reach the fields of specs: a mixin before scikit-learn's own class.

    An item of a tuple has its place as its name: `kernel__parts__0__bandwidth`.
    """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name.

        Args:
            deep: also those of specs, and theirs in turn.
        """
        found = super().get_params(deep)
        if deep:
            for name, spec in self._specs().items():
                found |= {name: spec} | {f"{name}__{path}": value for path, value in _nested(spec)}
        return found

    def set_params(self: Own, **params: Any) -> Own:
        """Sets parameters by their names; those of a spec together, so that it is checked once.

        Raises:
            ValueError: there is no such parameter, or a spec does not allow its value.
        """
        own = super().get_params(deep=False)
        super().set_params(**{name: value for name, value in params.items() if name in own})
        specs, changes, others = self._specs(), {}, {}
        for name, value in params.items():
            head, _, path = name.partition("__")
            if name in own:
                continue
            if head not in specs:
                others[name] = value
            elif path:
                changes.setdefault(head, {})[path] = value
            else:
                self._set_spec(head, value)
        super().set_params(**others)
        for name, inside in changes.items():
            self._set_spec(name, replaced(self._specs()[name], inside))
        return self

    def _specs(self) -> dict[str, Any]:
        """The specs that parameters are looked for in, by name."""
        own = super().get_params(deep=False)
        return {name: value for name, value in own.items() if _is_spec(value)}

    def _set_spec(self, name: str, spec: Any) -> None:
        """Puts another one in the place of a spec."""
        setattr(self, name, spec)


def replaced(spec: Any, changes: Mapping[str, Any]) -> Any:
    """A spec with other values in some of its fields.

    Args:
        spec: a frozen dataclass, or a tuple.
        changes: new values by the names of fields, those of fields of fields joined by "__".

    Raises:
        ValueError: no such field, or a value that the spec does not allow.
    """
    known, inside = _parts(spec), {}
    new = dict(known)
    for path, value in changes.items():
        name, _, rest = path.partition("__")
        if name not in known:
            allowed = f"allowed: {', '.join(known)}" if known else "it has no fields"
            raise ValueError(f"Invalid parameter {name!r} of {type(spec).__name__}; {allowed}")
        if rest:
            inside.setdefault(name, {})[rest] = value
        else:
            new[name] = plain(value)
    for name, own in inside.items():
        new[name] = replaced(new[name], own)
    changed = {name: value for name, value in new.items() if value is not known[name]}
    if not changed:
        return spec
    return tuple(new.values()) if isinstance(spec, tuple) else dataclasses.replace(spec, **changed)


def plain(value: Any) -> Any:
    """A number of NumPy, as searches set them, as one of Python, which specs are made of; all else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _nested(spec: Any) -> Iterator[tuple[str, Any]]:
    """All fields of a spec and of what they hold, by their paths."""
    for name, value in _parts(spec).items():
        yield name, value
        for path, inner in _nested(value):
            yield f"{name}__{path}", inner


def _parts(spec: Any) -> dict[str, Any]:
    if isinstance(spec, tuple):
        return {str(place): item for place, item in enumerate(spec)}
    return fields(spec) if _is_spec(spec) else {}


def _is_spec(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)
