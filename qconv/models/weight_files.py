"""Files of weights: known by their SHA-256, wherever they lie."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from flax.core import unfreeze
from flax.traverse_util import flatten_dict

from qconv.digests import find_file, sha256_of
from qconv.errors import InputError


def save_weights(path: str | Path, variables: Mapping[str, Any]) -> str:
    """Writes the variables of a network to a file of safetensors, each array under its path: `params/head/kernel`.

    Args:
        path: of the file; its name ends in `.safetensors`.
        variables: the collections of a network.

    Returns:
        The SHA-256 of the file, by which `Pretrained` finds it.

    Raises:
        InputError: a name of another ending, or no folder of this name.
    """
    from safetensors.numpy import save_file

    path = Path(path)
    if path.suffix != ".safetensors" or not path.parent.is_dir():
        raise InputError(f"path = {str(path)!r}; allowed: a name that ends in .safetensors, in a folder that is there")
    arrays = flatten_dict(unfreeze(dict(variables)), sep="/")
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    return sha256_of(path)


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
