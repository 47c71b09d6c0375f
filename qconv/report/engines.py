"""The cost of each engine for a layer, as a table."""

from rich.table import Table

from qconv.layers.circuit_layer import CircuitLayer
from qconv.models.quantum_calls import QuantumCall
from qconv.simulate.choose import costs
from qconv.simulate.rates import rates_of


def engines_table(call: QuantumCall, batch_size: int) -> Table | str:
    """What the cost model says of each engine, for all filters on one window, in batches of so many images.

    A line of text for a layer that has no choice.
    """
    layer, chosen, patches = call.layer, call.engine(batch_size), batch_size * call.patches
    if not isinstance(layer, CircuitLayer):
        return f"{type(layer).__name__} has one engine: {chosen}"
    table = Table(
        title=f"engines, for one of {patches:,} windows",
        title_justify="left",
        caption=f"estimates, with gradient: rates of {rates_of().device}",
    )
    table.add_column("engine")
    for column in ("flops", "numbers written", "shared, ms", "total, µs"):
        table.add_column(column, justify="right")
    for name, cost in costs(layer.circuit, layer.patch_size(call.in_features), patches, filters=layer.features).items():
        table.add_row(
            f"{name} (chosen)" if name == chosen else name,
            f"{cost.flops:,.0f}",
            f"{cost.numbers:,.0f}",
            f"{1e3 * cost.once:.3f}",
            f"{1e6 * cost.seconds:.3f}",
        )
    return table
