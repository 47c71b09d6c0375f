"""Fits the rates of the cost model to this machine, from what the part `choice` measured of every engine.

python -m benchmarks --only choice --output choice.json
python -m benchmarks.fit --results choice.json
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
import tyro
from jaxtyping import Float
from scipy.optimize import least_squares

from benchmarks.aims import CHOICE
from benchmarks.child import ROOT
from benchmarks.choice import PREFIX, Case, grid
from benchmarks.results import Result, read
from qconv.console import text_console
from qconv.simulate.choose import costs
from qconv.simulate.rates import Rates, rates_of

_CALL = 2e-5
"""Seconds of a call that does nothing, the same for all engines, before they are fitted."""
_TRUST = 0.3
"""Weight of a logarithm of the rates before, beside that of a time: what no case depends on stays as it was."""


@dataclass(frozen=True)
class Options:
    """Fits the rates of the cost model by least squares of log times; prints them, and how well they choose."""

    results: Path = ROOT / "benchmarks" / "results.json"
    """What `python -m benchmarks` wrote."""
    platform: str = jax.default_backend()
    """Whose rates to start from."""


def main(options: Options) -> None:
    """Fits and prints."""
    results = [result for result in read(options.results)[0] if result.case.startswith(PREFIX)]
    console = text_console()
    if not results:
        raise SystemExit(f"{options.results} has nothing of the part choice")
    before = rates_of(options.platform)
    after = fitted(results, before)
    console.print(after)
    for name, rates in (("before", before), ("fitted", after)):
        aim = CHOICE.reached(rechosen(results, rates))
        console.print(f"{name}: {aim and aim[0]}")


def fitted(results: Sequence[Result], start: Rates) -> Rates:
    """The rates with which the costs of engines are nearest to the times that were measured.

    Args:
        results: of the part `choice`.
        start: rates to start from.
    """
    seconds = [
        case.windows / own.gradient_per_s
        for case, engines in _cases(results)
        for own in engines.values()
        if own.gradient_per_s
    ]
    work = np.concatenate([_work(case, list(engines), start) for case, engines in _cases(results)])
    first = np.log([_CALL, *(1 / rate for rate in _flat(start))])

    def distances(logs: Float[np.ndarray, " rates"]) -> Float[np.ndarray, " distances"]:
        call, *inverses = np.exp(logs)
        return np.concatenate([np.log(call + work @ inverses) - np.log(seconds), _TRUST * (logs - first)])

    # Times that no rate explains, such as those of a busy moment, count less than by their square.
    found = least_squares(distances, first, loss="soft_l1", f_scale=0.2)
    return _with(start, np.exp(-found.x[1:]))


def rechosen(results: Sequence[Result], rates: Rates) -> list[Result]:
    """The same times, with the engines that the cost model chooses with other rates."""
    found: list[Result] = []
    for case, engines in _cases(results):
        priced = costs(case.circuit, case.pixels, case.windows, rates)
        cheapest = min(engines, key=lambda name: priced[name].seconds)
        found += [replace(result, chosen=name == cheapest) for name, result in engines.items()]
    return found


def _cases(results: Iterable[Result]) -> list[tuple[Case, dict[str, Result]]]:
    """What was measured of each case, by engine."""
    cases = {case.name: case for case in grid()}
    found: dict[str, dict[str, Result]] = {}
    for result in results:
        if result.case in cases and result.gradient_per_s:
            found.setdefault(result.case, {})[result.path] = result
    return [(cases[name], engines) for name, engines in found.items()]


def _work(case: Case, engines: Sequence[str], start: Rates) -> Float[np.ndarray, "engines rates"]:
    """By how much the seconds of a call grow with the inverse of each rate.

    They are a sum of shares of all rates, each in proportion to the inverse: so of a rate of half the size the share is
    twice as long.
    """

    def seconds(rates: Rates) -> Float[np.ndarray, " engines"]:
        found = costs(case.circuit, case.pixels, case.windows, rates)
        return case.windows * np.array([found[engine].seconds for engine in engines])

    flat, once = _flat(start), seconds(start)
    halves = [[rate / 2 if place == other else rate for other, rate in enumerate(flat)] for place in range(len(flat))]
    return np.stack(
        [(seconds(_with(start, half)) - once) * rate for half, rate in zip(halves, flat, strict=True)], axis=1
    )


def _flat(rates: Rates) -> list[float]:
    """All numbers of the rates, in order."""
    return jax.tree.leaves(rates)[1:]


def _with(rates: Rates, flat: Iterable[float]) -> Rates:
    """Rates with other numbers, in the order of `_flat`."""
    return jax.tree.unflatten(jax.tree.structure(rates), [rates.device, *map(float, flat)])


if __name__ == "__main__":
    main(tyro.cli(Options))
