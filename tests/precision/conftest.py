"""Tests of numbers in single precision: compiled as users compile."""

import pytest


@pytest.fixture(scope="module")
def quick() -> bool:
    """No: what rounds is in the programs that users run."""
    return False
