"""Runs a module of this package in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def run(module: str, arguments: Sequence[str], *, seconds: float, environment: dict[str, str] | None = None) -> Any:
    """What the module prints as JSON on its last line, or, as a string, why it did not.

    Args:
        module: with a main program.
        arguments: for it.
        seconds: after which it is stopped.
        environment: variables in addition to this process's.
    """
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | (environment or {}),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {seconds:.0f} s"
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return f"exit {done.returncode}: {lines[-1][:200]}" if lines else f"ended by signal {-done.returncode}"
    return json.loads(done.stdout.strip().splitlines()[-1])
