"""What holds for every test: no silent rank promotion, quick compilation, and compiled programs that are shared."""

import gc
from collections.abc import Iterator
from pathlib import Path

import jax
import jaxtyping
import pytest
from jax.experimental.compilation_cache import compilation_cache

from tests.processes import compiled_programs

jax.config.update("jax_numpy_rank_promotion", "raise")
# Tracing makes many objects, hardly any of them in cycles, beside all those of the modules, which stay.
gc.freeze()
gc.set_threshold(50_000, 20, 50)

MAPPINGS = Path("/proc/self/maps")
MOST_MAPPINGS = 20_000
"""Each compiled program takes some, and Linux allows a process 65,530 of them."""


@pytest.fixture(scope="session", autouse=True)
def keep_compiled_programs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one worker has compiled, another one, or the next module, need not."""
    jax.config.update("jax_compilation_cache_dir", str(compiled_programs(tmp_path_factory)))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    compilation_cache.reset_cache()


@pytest.fixture(scope="module")
def quick() -> bool:
    """Whether it is enough that programs are right, however slow."""
    return True


@pytest.fixture(scope="module", autouse=True)
def compilation(quick: bool) -> Iterator[None]:
    """Programs without most optimisations compile in half the time."""
    if jax.config.read("jax_disable_most_optimizations") != quick:
        jax.clear_caches()
        jax.config.update("jax_disable_most_optimizations", quick)
    yield
    if MAPPINGS.exists() and MAPPINGS.read_text().count("\n") > MOST_MAPPINGS:
        jax.clear_caches()


@pytest.fixture
def x64() -> Iterator[None]:
    """JAX's 64-bit mode: float64 and complex128."""
    with jax.enable_x64(True):
        yield


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations are not checked, as outside of tests."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
