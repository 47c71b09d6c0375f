"""The cost model's structure: what its rates mean, and who may be chosen. Times are for `make bench`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.basis import Basis
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.iqp import IQP
from qconv.simulate import choose, memory
from qconv.simulate import expectations as engines
from qconv.simulate.choose import ENGINES, choose_engine, costs
from qconv.simulate.engine import Cost
from qconv.simulate.evaluation import Evaluation
from qconv.simulate.expectations import expectations
from qconv.simulate.rates import RATES, Rates, rates_of
from qconv.simulate.unitary import Unitary
from tests.oracle import assert_close
from tests.variants import uncached

CIRCUITS = [
    (Circuit(), 1),
    (Circuit(), 4),
    (Circuit(ansatz=HardwareEfficient(1)), 8),
    (Circuit(DenseAngle()), 8),
    (Circuit(Amplitude()), 16),
    (Circuit(Basis()), 4),
    (Circuit(IQP()), 4),
    (Circuit(reuploads=2), 4),
    (Circuit(), 14),
]


def scaled(rates: Rates, factors: list[float]) -> Rates:
    """Each number of the rates times a factor of its own."""
    (device, *numbers), structure = jax.tree.flatten(rates)
    return jax.tree.unflatten(
        structure, [device, *(number * factor for number, factor in zip(numbers, factors, strict=True))]
    )


NUMBERS = len(jax.tree.leaves(RATES["cpu"])) - 1


def seconds(circuit: Circuit, patch_size: int, patches: int, rates: Rates) -> dict[str, float]:
    return {name: cost.seconds for name, cost in costs(circuit, patch_size, patches, rates).items()}


@pytest.mark.parametrize("platform", RATES)
def test_each_platform_has_rates_of_its_own(monkeypatch: pytest.MonkeyPatch, platform: str):
    assert rates_of(platform) is RATES[platform]
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    assert rates_of() is RATES[platform]
    assert costs(Circuit(), 2) == costs(Circuit(), 2, rates=RATES[platform])


def test_a_platform_that_nobody_measured_has_the_rates_of_a_cpu():
    assert rates_of("abacus") is RATES["cpu"]


@pytest.mark.parametrize(("circuit", "patch_size"), CIRCUITS)
def test_times_are_sums_of_shares_of_the_rates(circuit: Circuit, patch_size: int):
    """A rate of half the size takes twice as long, whatever the others are: `benchmarks.fit` relies on it."""
    whole = seconds(circuit, patch_size, 64, RATES["cpu"])
    rest = dict.fromkeys(whole, 0.0)
    for place in range(NUMBERS):
        half = seconds(
            circuit, patch_size, 64, scaled(RATES["cpu"], [0.5 if place == at else 1.0 for at in range(NUMBERS)])
        )
        assert all(half[name] >= whole[name] for name in whole)
        rest = {name: rest[name] + half[name] - whole[name] for name in whole}
    assert rest == pytest.approx(whole, rel=1e-9)


def test_every_rate_counts():
    whole = seconds(Circuit(), 4, 64, RATES["cpu"])
    for place in range(NUMBERS):
        slower = scaled(RATES["cpu"], [0.5 if place == at else 1.0 for at in range(NUMBERS)])
        assert seconds(Circuit(), 4, 64, slower) != whole


@pytest.mark.parametrize(("circuit", "patch_size"), CIRCUITS[:-1])
def test_the_engine_chosen_is_the_cheapest_of_those_that_take_the_circuit(circuit: Circuit, patch_size: int):
    found = costs(circuit, patch_size, 64, RATES["gpu"])
    assert {"fused", "unitary"} <= set(found)
    takes = {engine.name: engine.refusal(circuit, patch_size) is None for engine in ENGINES}
    assert ("lookup" in found) == takes["lookup"]
    assert all(takes[name] for name in found)
    chosen = choose_engine(circuit, patch_size, patches=64, rates=RATES["gpu"])
    assert found[chosen].seconds == min(cost.seconds for cost in found.values())
    assert choose_engine(circuit, patch_size, chosen) == chosen  # nothing refuses it


def test_what_patches_share_weighs_on_few_of_them():
    circuit = Circuit(ansatz=HardwareEfficient(8))
    few, many = (costs(circuit, 8, patches, RATES["cpu"]) for patches in (16, 10_000))
    shared = {name: few[name].seconds - many[name].seconds for name in few}
    assert shared["unitary"] > 10 * shared["fused"] > 0
    for name in few:
        assert few[name].once == many[name].once and few[name].flops == many[name].flops


def test_the_choice_is_for_the_rates_given():
    circuit = Circuit(ansatz=HardwareEfficient(8))
    assert choose_engine(circuit, 8, patches=64, rates=RATES["cpu"]) == "fused"
    # With a unitary for next to nothing, the one product is all that is left.
    (device, *numbers), structure = jax.tree.flatten(RATES["cpu"])
    free = jax.tree.unflatten(structure, [device, *(1e30 for _ in numbers)])._replace(blocks=RATES["cpu"].blocks)
    assert choose_engine(circuit, 8, patches=64, rates=free) == "unitary"


def test_few_qubits_are_not_cut_in_two():
    for ansatz in (Identity(), HardwareEfficient(1)):
        for size in (2, 4):
            for patches in (64, 10_000):
                assert choose_engine(Circuit(ansatz=ansatz), size, patches=patches, rates=RATES["cpu"]) != "halves"


def test_expectations_are_by_the_engine_for_as_many_patches_as_there_are(monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def choose(circuit: Circuit, patch_size: int, engine: str, patches: int) -> str:
        asked.append(patches)
        return "unitary"

    monkeypatch.setattr(engines, "choose_engine", choose)
    for count in (0, 3):
        assert expectations(Circuit(), jnp.zeros((2, 2, 2)), jnp.zeros((count, 2))).shape == (count, 2)
    assert asked == [1, 3]


class Doubled(Unitary):
    """An engine of somebody's own, which is free and wrong."""

    name = "doubled"

    def cost(self, counts, filters, patches, rates):
        return Cost(0.0, 0.0, 0.0, 0.0)

    def evaluation(self, circuit, patch_size, thetas, scaling=None):
        found = super().evaluation(circuit, patch_size, thetas, scaling)
        return Evaluation(lambda chunk: 2 * found.observables(chunk), found.at_once)


def test_a_new_engine_is_an_entry_of_the_tuple(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(choose, "ENGINES", (*ENGINES, Doubled()))
    found = costs(Circuit(), 2)
    assert min(found, key=lambda name: found[name].seconds) == "doubled"
    memory.bytes_needed.cache_clear()
    assert memory.bytes_needed(Circuit(), 2, "doubled", np.dtype(np.float32)) > 0
    theta, columns = jnp.ones((2, 2, 2)), jnp.full((2, 3), 0.3)
    one, two = (uncached(name, Circuit(), theta, columns) for name in ("unitary", "doubled"))
    assert_close(two, 2 * one, atol=1e-6)
