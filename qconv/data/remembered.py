"""What takes a pass over data, done once in a process."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, TypeVar

from qconv.data.dataset import Dataset
from qconv.data.derived import Derived

Result = TypeVar("Result")


class Remembered(Generic[Result]):
    """A function of a dataset, its first argument, whose results are kept, as `functools.lru_cache` keeps them.

    Data that are read from the user's own files equal what they were before these have changed. So `contents` of the
    innermost dataset is looked at, too, which costs a look at each file: whoever has many batches asks once for all.

    Args:
        function: whose arguments are hashable.
        maxsize: how many results are kept.
    """

    def __init__(self, function: Callable[..., Result], maxsize: int) -> None:
        self._known = lru_cache(maxsize)(lambda contents, *args: function(*args))

    def __call__(self, data: Dataset, *args: Any) -> Result:
        """The result for data as they are now."""
        return self._known(_contents(data), data, *args)

    def cache_clear(self) -> None:
        """Forgets all results."""
        self._known.cache_clear()


def remembered(maxsize: int) -> Callable[[Callable[..., Result]], Remembered[Result]]:
    """A decorator; see `Remembered`."""
    return lambda function: Remembered(function, maxsize)


def _contents(data: Dataset) -> str | None:
    while isinstance(data, Derived):
        data = data.data
    return data.contents
