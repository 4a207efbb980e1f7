"""What the self-test looks at for styles: what a layer performs, read as a style is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from maya import cmds

from .character import find_character
from .library import finish
from .reference import Reference
from .rig_reader import FloatArray, read_passage
from .style_choice import Performance, animation_layers


def read_layer(layer: str, shapes: Sequence[str], wanted: FloatArray, start: float) -> str:
    """Reads the layer's performance of the character 'hero' back, and compares it with what was
    baked, [T, N] from the frame `start` on. Raises `AssertionError`."""
    layers = animation_layers()
    assert layer in layers, f"'{layer}' is not among the layers {layers}"
    root = cmds.animLayer(query=True, root=True)
    assert root not in layers, f"the root layer '{root}' is offered"
    first = round(start)
    rig = find_character(("hero",))
    performance = Performance(rig, first, first + len(wanted) - 1, Reference.to(layer))
    clip = finish(read_passage(performance.to_passage()))
    worst = np.abs(np.stack([clip.column(shape) for shape in shapes], axis=1) - wanted).max()
    assert worst < 0.0101, f"the greatest error is {worst:.4f}"
    return f"read back from '{layer}', greatest error {worst:.4f}"
