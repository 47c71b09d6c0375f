"""How long a training step takes."""

import time

import pytest

from qconv.runs.step_clock import StepClock


def test_compilation_and_what_is_between_steps_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    clock = StepClock(40)
    assert clock.step_seconds is None
    now += 30  # compilation, and 20 steps
    clock.lap(60)
    assert clock.step_seconds is None
    for seconds in (2.0, 4.0, 20.0):
        now += seconds
        clock.lap(80)  # 20 steps the first time
        clock.restart(60)
    assert clock.step_seconds == 0.2
    now += 1000  # an evaluation
    clock.restart(60)
    now += 3
    clock.lap(70)
    assert clock.step_seconds == pytest.approx(0.25)
