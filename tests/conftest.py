"""What holds for every test: no silent rank promotion, and no executables kept from module to module."""

from collections.abc import Iterator

import jax
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture(scope="module", autouse=True)
def clear_caches() -> Iterator[None]:
    """Long runs would keep every compiled executable mapped."""
    yield
    jax.clear_caches()


@pytest.fixture
def x64() -> Iterator[None]:
    """JAX's 64-bit mode: float64 and complex128."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def quick_compilation() -> Iterator[None]:
    """For tests of whether parts fit together; what tests numbers compiles as users do."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
