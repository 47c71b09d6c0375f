"""The fields of a spec: of a dataclass, or of a Flax module, which is one."""

import dataclasses
from typing import Any

import flax.linen as nn


def fields(spec: Any) -> dict[str, Any]:
    """The fields of a dataclass by name; of a Flax module without those that are Flax's own."""
    own = {"parent", "name"} if isinstance(spec, nn.Module) else set()
    return {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec) if field.name not in own}
