"""Files of weights: known by their SHA-256, wherever they lie."""

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from flax.core import unfreeze
from flax.traverse_util import flatten_dict

from qconv.digests import find_file, search_folders
from qconv.errors import InputError


def save_weights(path: str | Path, variables: Mapping[str, Any]) -> str:
    """Writes the variables of a network to a file of safetensors, each array under its path: `params/head/kernel`.

    Args:
        path: of the file; its name ends in `.safetensors`.
        variables: the collections of a network.

    Returns:
        The SHA-256 of the file, by which `Pretrained` finds it.

    Raises:
        InputError: a name of another ending, no folder of this name, or one that cannot be written.
    """
    path = Path(path)
    if path.suffix != ".safetensors" or not path.parent.is_dir():
        raise InputError(f"path = {str(path)!r}; allowed: a name that ends in .safetensors, in a folder that is there")
    content = _safetensors(variables)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise _unwritten(path, error) from error
    return hashlib.sha256(content).hexdigest()


def keep_weights(variables: Mapping[str, Any]) -> str:
    """Writes the variables of a network to the first folder of the search path, under their SHA-256.

    A file that is there already stays.

    Args:
        variables: the collections of a network.

    Returns:
        The SHA-256, by which `Pretrained` finds it.

    Raises:
        InputError: the folder cannot be written.
    """
    content = _safetensors(variables)
    digest = hashlib.sha256(content).hexdigest()
    folder = search_folders()[0]
    path = folder / f"{digest}.safetensors"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(content)
            unfinished.replace(path)
    except OSError as error:
        raise _unwritten(path, error) from error
    return digest


def _unwritten(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot write weights to {path}: {error.strerror or error}")


def _safetensors(variables: Mapping[str, Any]) -> bytes:
    """A file with each array under its path."""
    from safetensors.numpy import save

    arrays = flatten_dict(unfreeze(dict(variables)), sep="/")
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


@lru_cache(maxsize=2)
def read_weights(digest: str) -> dict[str, np.ndarray]:
    """The arrays of the file with a SHA-256, by name; parts of names are divided by `/`.

    Args:
        digest: 64 hexadecimal digits.

    Raises:
        InputError: no such file in the folders of the search path, or it cannot be read.
    """
    from safetensors.numpy import load_file

    path = find_file(digest, ("safetensors", "npz"))
    try:
        if path.suffix == ".safetensors":
            arrays = load_file(path)
        else:
            with np.load(path) as file:
                arrays = dict(file)
    except Exception as error:  # each format has errors of its own
        raise InputError(f"{path} cannot be read as {path.suffix[1:]}: {error}") from error
    return {name.replace(".", "/"): array for name, array in arrays.items()}
