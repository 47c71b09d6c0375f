"""The only module that imports TensorCircuit, and what keeps its package-wide switches in."""

import os
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import jax

from qconv.gate_table import complex_dtype
from qconv.gates import x64_enabled

_PREALLOCATE = "XLA_PYTHON_CLIENT_PREALLOCATE"
_switches = threading.RLock()


@contextmanager
def tensorcircuit(dtype: Any) -> Generator[ModuleType]:
    """TensorCircuit on JAX, with the precision of the real `dtype`; every switch is as before afterwards.

    Importing TensorCircuit takes seconds, resets `jax_enable_x64` for the whole process and sets an environment
    variable. Its backend and precision are package-wide, and `set_dtype` switches `jax_enable_x64` too.
    """
    with _switches:
        global_x64, environment = _global_x64(), os.environ.get(_PREALLOCATE)
        try:
            # The local setting rules over the global one, which TensorCircuit switches underneath. Its gates mix real
            # and complex numbers.
            with jax.enable_x64(x64_enabled()), jax.numpy_dtype_promotion("standard"):
                import tensorcircuit as tc

                backend, precision = tc.backend.name, tc.dtypestr
                try:
                    tc.set_backend("jax")
                    tc.set_dtype(complex_dtype(dtype).name)
                    yield tc
                finally:
                    tc.set_backend(backend)
                    tc.set_dtype(precision)
        finally:
            jax.config.update("jax_enable_x64", global_x64)
            if environment is None:
                os.environ.pop(_PREALLOCATE, None)
            else:
                os.environ[_PREALLOCATE] = environment


def _global_x64() -> bool:
    # A new thread has no local setting of its own, so it sees the global one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(x64_enabled).result()
