"""The part of `make bench` that holds the choice of an engine to measurement, and the fit of the rates to it."""

import io
from pathlib import Path as File

import jax
import pytest
from rich.console import Console
from rich.progress import Progress

from benchmarks import fit
from benchmarks.aims import CHOICE, ChoiceAim
from benchmarks.choice import Choice, choices, grid, measure_choice
from benchmarks.report import markdown, print_tables
from benchmarks.results import Result, machine, write
from qconv.simulate.choose import costs
from qconv.simulate.rates import RATES, Rates

RESULTS = [
    Result("choice: circuit A: 64", "fused", gradient_per_s=100, chosen=True),
    Result("choice: circuit A: 64", "unitary", gradient_per_s=50, chosen=False),
    Result("choice: circuit A: 10000", "fused", gradient_per_s=200, chosen=False),
    Result("choice: circuit A: 10000", "unitary", gradient_per_s=100, chosen=True),
    Result("choice: circuit B: 64", "unitary", gradient_per_s=10, chosen=True),
    Result("choice: circuit B: 64", "fused", gradient_per_s=12, chosen=False),
    Result("n=4, 2 layers", "qconv", gradient_per_s=1),
]


FEW = [case for case in grid() if case.circuit.num_qubits(case.pixels) in (4, 9)][::17]


def modelled(rates: Rates) -> list[Result]:
    """Results that take as long as the cost model says with some rates, and 0.03 ms for the call."""
    return [
        Result(case.name, engine, gradient_per_s=case.windows / (3e-5 + case.windows * cost.seconds))
        for case in FEW
        for engine, cost in costs(case.circuit, case.pixels, case.windows, rates).items()
    ]


def test_the_choice_is_compared_with_the_fastest():
    assert choices(RESULTS) == [
        Choice("circuit A", 64, "fused", "fused", 1),
        Choice("circuit A", 10_000, "unitary", "fused", 2),
        Choice("circuit B", 64, "unitary", "fused", 1.2),
    ]
    assert ChoiceAim(1.3).reached(RESULTS) == ("1 of 3 cases miss it, at most 2.00x", False)
    assert ChoiceAim(2.5).reached(RESULTS) == ("0 of 3 cases miss it, at most 2.00x", True)
    assert ChoiceAim(1.3).reached(RESULTS[-1:]) is None


def test_the_table_names_the_engine_chosen_and_the_fastest():
    page = markdown(RESULTS, machine())
    assert "| circuit | 64 | 10,000 |" in page
    assert "| circuit A | fused | unitary 2.00 fused (!) |" in page
    assert "| circuit B | unitary 1.20 fused |  |" in page
    assert f"| {CHOICE.text} | 1 of 3 cases miss it, at most 2.00x | no |" in page
    console = Console(record=True, markup=False, width=120, file=io.StringIO())
    print_tables(RESULTS, console)
    text = console.export_text()
    assert "unitary 2.00 fused (!)" in text and "1 of 3 cases miss it" in text and "choice:" not in text


def test_the_grid_has_small_batches_and_every_engine_that_can_be_chosen():
    cases = grid()
    assert len({case.name for case in cases}) == len(cases)
    assert {1, 2, 3, 4, 12} <= {case.circuit.num_qubits(case.pixels) for case in cases}
    assert {16, 64, 256, 1_000, 10_000} <= {case.windows for case in cases}
    few = grid(quick=True)
    assert set(few) < set(cases) and {64, 10_000} <= {case.windows for case in few}
    for some in (cases[::12], few):
        assert {name for case in some for name in case.engines} == {
            "fused", "unitary", "halves", "heisenberg", "lookup"
        }  # fmt: skip


@pytest.mark.slow
def test_every_engine_is_timed_and_one_of_them_is_the_one_chosen():
    case = next(case for case in grid() if case.circuit.num_qubits(case.pixels) == 1 and case.windows == 16)
    with Progress(disable=True) as progress:
        found = list(measure_choice([case], 0.001, progress))
    assert [result.path for result in found] == case.engines
    assert [result.path for result in found if result.chosen] == [case.chosen]
    assert all(result.gradient_per_s and result.compile_s and result.repeats for result in found)
    assert len(choices(found)) == 1


def test_rates_are_found_again_from_the_times_that_they_give(tmp_path: File, capsys: pytest.CaptureFixture[str]):
    start = RATES["cpu"]
    (device, *numbers), structure = jax.tree.flatten(start)
    # The rate of calls falls: the quicker they are, the less of a time is theirs, and the less well it is known.
    factors = [1.5, 0.7, 2.0, 0.6, 1.3, 0.5, 0.6]
    true = jax.tree.unflatten(structure, [device, *(n * f for n, f in zip(numbers, factors, strict=True))])
    results = modelled(true)
    write([*results, RESULTS[-1]], machine(), tmp_path / "choice.json")
    found = fit.fitted(results, start)
    assert found.device == start.device
    # Products of small matrices hide behind the numbers that they write, so theirs are known less well.
    well_known = [
        [rates.large.numbers, rates.blocks.numbers, rates.small.numbers, rates.calls] for rates in (found, true)
    ]
    assert well_known[0] == pytest.approx(well_known[1], rel=0.2)
    reached = CHOICE.reached(fit.rechosen(results, found))
    assert reached and reached[1]
    fit.main(fit.Options(results=tmp_path / "choice.json", platform="cpu"))
    out = capsys.readouterr().out
    assert "Rates(" in out and "before: " in out and f"fitted: 0 of {len(FEW)} cases miss it" in out


def test_results_without_the_part_are_refused(tmp_path: File):
    write(RESULTS[-1:], machine(), tmp_path / "other.json")
    with pytest.raises(SystemExit, match="has nothing of the part choice"):
        fit.main(fit.Options(results=tmp_path / "other.json"))
