"""What platforms do in a second: the rates of the cost model."""

from typing import NamedTuple

import jax


class Rate(NamedTuple):
    """What is done in a second in a kind of work."""

    products: float
    """Floating-point operations of matrix products."""
    numbers: float
    """Numbers that a step reads, computes and writes."""


class Rates(NamedTuple):
    """What a platform does in a second."""

    device: str
    """What it is, and where the figures are from."""
    large: Rate
    """Few steps, with matrices of hundreds of rows."""
    blocks: Rate
    """Steps with matrices of 32 rows or fewer, on as many patches as the cache holds."""
    small: Rate
    """Many steps on few numbers."""
    calls: float
    """Operations on next to no numbers, with what their matrices and gradients take: a few kernels each."""


RATES = {
    "cpu": Rates(
        "two cores of an AMD EPYC with AVX2, fitted by benchmarks.fit",
        large=Rate(5.9e10, 2.0e9),
        blocks=Rate(5.5e10, 1.6e9),
        # Products hide behind the numbers that they write: any rate beyond this one fits as well.
        small=Rate(1.0e11, 8.5e8),
        calls=1.5e5,
    ),
    # 6.7e13 operations in float32 and 3.35e12 bytes a second; a launch takes some 5 microseconds.
    "gpu": Rates(
        "an H100, estimated from published peaks",
        large=Rate(3e13, 2e11),
        blocks=Rate(1e13, 2e11),
        small=Rate(3e12, 1e11),
        calls=3e4,
    ),
    # 1.97e14 operations in bfloat16, six of which make one in float32, and 8.2e11 bytes a second.
    "tpu": Rates(
        "a TPU v5e, estimated from published peaks",
        large=Rate(2e13, 5e10),
        blocks=Rate(5e12, 5e10),
        small=Rate(1e12, 2e10),
        calls=3e4,
    ),
}
"""By platform, as JAX names it. Those that are estimated are to be fitted where there is such a device."""


def rates_of(platform: str | None = None) -> Rates:
    """The rates of a platform, by default of the one that JAX computes on; of one that is not known, those of a CPU."""
    return RATES.get(jax.default_backend() if platform is None else platform, RATES["cpu"])
