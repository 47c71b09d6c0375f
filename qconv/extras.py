"""Packages that one capability needs and the others do not: imported where they are used."""

import importlib
from typing import Any

from qconv.errors import DataUnavailableError


def import_extra(module: str, extra: str) -> Any:
    """A module of a package that comes with an extra of qconv.

    Args:
        module: its name.
        extra: the extra that installs it.

    Raises:
        DataUnavailableError: it is not installed; the message has the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, module.partition(".")[0]):  # something that it imports in turn
            raise
        raise DataUnavailableError(f"{module} is not installed; pip install 'qconv[{extra}]' installs it") from error
