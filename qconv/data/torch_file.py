"""Files of weights that PyTorch has written, read without PyTorch."""

import pickle
from collections import OrderedDict
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from qconv.errors import InputError

_MAGIC = 0x1950A86A20F9469CFC6C
_KINDS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage(NamedTuple):
    """The numbers of one or several tensors, one after the other."""

    key: str
    kind: np.dtype


class _Tensor(NamedTuple):
    """Where the numbers of a tensor lie in a storage; offset and strides count numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a dictionary of tensors, by name.

    Of the two formats of `torch.save` it is the one from before version 1.6: pickles of a magic number, a version, the
    machine, the dictionary and the keys of storages, then each storage, its length before it. A pickle may name any
    function of Python; here it may name those of tensors alone, and none of them is called.

    Args:
        path: of the file.

    Raises:
        InputError: it is not such a file.
    """
    try:
        with path.open("rb") as file:
            if _Unpickler(file).load() != _MAGIC:
                raise ValueError("it does not start with the number of PyTorch's files")
            for _ in ("version", "machine"):
                _Unpickler(file).load()
            tensors: dict[str, _Tensor] = _Unpickler(file).load()
            keys = _Unpickler(file).load()
            kinds = {tensor.storage.key: tensor.storage.kind for tensor in tensors.values()}
            storages = {key: _numbers(file, kinds[key]) for key in keys}
        return {name: _array(storages[tensor.storage.key], tensor) for name, tensor in tensors.items()}
    except Exception as error:  # a damaged pickle raises errors of many kinds
        raise InputError(f"{path} cannot be read as a file of PyTorch's weights: {error}") from error


class _Unpickler(pickle.Unpickler):
    """Reads descriptions of tensors; other objects are refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if module == "torch" and name in _KINDS:
            return _KINDS[name]
        raise ValueError(f"it holds {module}.{name}; allowed: tensors of float32 and int64")

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, *_ = pid
        return _Storage(key, kind)


def _rebuilt(storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _numbers(file: BufferedReader, kind: np.dtype) -> np.ndarray:
    (count,) = np.frombuffer(file.read(8), "<i8")
    return np.frombuffer(file.read(int(count) * kind.itemsize), kind)


def _array(storage: np.ndarray, tensor: _Tensor) -> np.ndarray:
    numbers = storage[tensor.offset :]
    steps = tuple(step * storage.itemsize for step in tensor.strides)
    last = sum(step * (size - 1) for step, size in zip(tensor.strides, tensor.shape, strict=True))
    if min(tensor.shape, default=1) < 1 or not 0 <= last < len(numbers):
        raise ValueError(f"a tensor of shape {tensor.shape} is not all there")
    return np.lib.stride_tricks.as_strided(numbers, tensor.shape, steps, writeable=False)
