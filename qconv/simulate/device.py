"""What circuits run on."""

from dataclasses import dataclass

from qconv.simulate.choose import EngineChoice, check_engine


@dataclass(frozen=True)
class Device:
    """What the circuits of a layer run on: a simulator, and which of its engines."""

    engine: EngineChoice = "auto"
    """How circuits are evaluated: by name, or the fastest by the cost model (auto)."""

    def __post_init__(self) -> None:
        check_engine(self.engine)
