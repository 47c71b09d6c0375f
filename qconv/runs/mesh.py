"""All devices of all processes as one mesh: batches are split over it, parameters are on every device."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from qconv.errors import InputError, RunError

_AXIS = "batch"


def device_mesh() -> Mesh:
    """A mesh with one axis over all devices.

    Raises:
        InputError: processes with different numbers of devices, over which a batch cannot be split evenly.
    """
    per_process = np.bincount([device.process_index for device in jax.devices()])
    if len(set(per_process)) > 1:
        raise InputError(f"processes have {list(map(int, per_process))} devices; allowed: the same number each")
    # jit splits the work by itself along an Auto axis; make_mesh would ask for Explicit ones.
    return jax.make_mesh((jax.device_count(),), (_AXIS,), axis_types=(AxisType.Auto,))


def missing_devices() -> str:
    """What is wrong where JAX has none of the devices that JAX_PLATFORMS asks for; empty if it has one."""
    try:
        jax.devices()
    except (AssertionError, RuntimeError):
        return (
            f"JAX_PLATFORMS = {os.environ.get('JAX_PLATFORMS')!r}, but JAX has no such device here; "
            "allowed: 'cpu', or not set for whatever is there"
        )
    return ""


def replicated(mesh: Mesh) -> NamedSharding:
    """The sharding of what is on every device."""
    return NamedSharding(mesh, PartitionSpec())


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """The sharding of a batch: the first axis split over the devices."""
    return NamedSharding(mesh, PartitionSpec(_AXIS))


def my_rows(mesh: Mesh, count: int) -> slice:
    """The rows of a global batch of `count` that this process loads; `count` is a multiple of the devices."""
    share = count // jax.process_count()
    return slice(jax.process_index() * share, (jax.process_index() + 1) * share)


def global_batch(mesh: Mesh, local_rows: Any) -> Any:
    """The whole batch, of which this process has `local_rows`; on a single device NumPy's arrays, as they are."""
    if mesh.size == 1:  # compiled functions take them ten times as fast as they are put on the device
        return local_rows
    return jax.tree.map(lambda x: jax.make_array_from_process_local_data(batch_sharding(mesh), x), local_rows)


def any_process(flag: bool) -> bool:
    """Whether the flag is set in any process; every process must ask at the same point."""
    if jax.process_count() == 1:
        return flag
    from jax.experimental import multihost_utils

    return bool(np.any(multihost_utils.process_allgather(np.asarray(flag))))


@contextmanager
def as_one(what: str) -> Generator[None]:
    """What cannot be done inside in one process ends all of them: else the others would wait for it forever.

    Every process must come here at the same point, also where it has nothing to do.

    Args:
        what: the message in the processes where it can be done.

    Raises:
        RunError: it cannot be done in another process; in that one, what was raised inside.
    """
    problem = None
    try:
        yield
    except Exception as error:
        problem = error
    if any_process(problem is not None):
        raise problem or RunError(f"{what}: another process could not")
