"""Files as PyTorch writes them, made without it."""

import io
import os
import pickle
import sys
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from qconv.data.torch_file import read_torch
from qconv.errors import InputError

KINDS = {"FloatStorage": "<f4", "LongStorage": "<i8", "DoubleStorage": "<f8"}


class Storage:
    """The numbers of a tensor, which a pickle names by a key."""

    def __init__(self, key: str, kind: type, numbers: np.ndarray) -> None:
        self.key, self.kind, self.numbers = key, kind, numbers


class Tensor:
    """Pickled as a call of PyTorch's function."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (*self.parts, False, OrderedDict())


class Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return ("storage", obj.kind, obj.key, "cpu", obj.numbers.size, None) if isinstance(obj, Storage) else None


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, type]:
    """Modules that have the names in such files."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    for name in KINDS:
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2(*parts: Any) -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    vars(utils)["_rebuild_tensor_v2"] = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return vars(torch)


def written(value: Any, storages: list[Storage]) -> bytes:
    stream = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, value, [each.key for each in storages]):
        Pickler(stream, protocol=2).dump(part)
    for each in storages:
        stream.write(np.int64(each.numbers.size).tobytes() + each.numbers.tobytes())
    return stream.getvalue()


def test_tensors_share_storages_and_have_strides(kinds: dict[str, Any], tmp_path: Path) -> None:
    numbers = np.arange(24, dtype="<f4")
    weights = Storage("b", kinds["FloatStorage"], numbers)
    steps = Storage("a", kinds["LongStorage"], np.array([7], "<i8"))
    value = OrderedDict(
        kernel=Tensor(weights, 0, (3, 4), (4, 1)),
        turned=Tensor(weights, 12, (4, 3), (1, 4)),
        steps=Tensor(steps, 0, (), ()),
    )
    path = tmp_path / "net.pth"
    path.write_bytes(written(value, [steps, weights]))
    found = read_torch(path)
    assert list(found) == ["kernel", "turned", "steps"] and found["steps"].dtype == np.int64
    np.testing.assert_array_equal(found["kernel"], numbers[:12].reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], numbers[12:].reshape(3, 4).T)
    assert found["steps"] == 7
    path.write_bytes(written(value, [steps, weights])[:-40])
    with pytest.raises(InputError, match=r"net.pth cannot be read as a file of PyTorch's weights: "):
        read_torch(path)


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("evil",)


def test_nothing_in_a_file_is_called(kinds: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.pth"
    doubles = Storage("a", kinds["DoubleStorage"], np.zeros(2, "<f8"))
    for value, name in ((Evil(), rf"{os.name}.mkdir"), (Tensor(doubles, 0, (2,), (1,)), "torch.DoubleStorage")):
        path.write_bytes(written({"a": value}, [doubles]))
        with pytest.raises(InputError, match=rf"it holds {name}; allowed: tensors of float32 and int64$"):
            read_torch(path)
    assert not (tmp_path / "evil").exists()
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(InputError, match="it does not start with the number of PyTorch's files"):
        read_torch(path)
