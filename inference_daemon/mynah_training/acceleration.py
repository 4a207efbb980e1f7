"""Training on a GPU: bf16 where it is safe, compiled networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from mynah_shared.errors import BadInputError

_ENTRIES = ("forward", "predict", "encode_style", "encode", "encode_motion", "decode")
"""Methods by which objectives use a network."""


def find_device(name: str) -> torch.device:
    """The device "cpu" or "cuda". Raises `BadInputError` if it isn't there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInputError(
            "No CUDA device is available; train with --device cpu, or on a machine with an NVIDIA "
            "GPU and a CUDA build of torch."
        )
    return torch.device(name)


def accelerate(network: nn.Module, device: torch.device, backend: str = "inductor") -> None:
    """Compiles what objectives call on `network` and runs it under bf16 autocast.

    Outputs are float32 again, and what an objective computes from them stays so: the geometry in
    millimetres, the arithmetic of diffusion, divergences and the losses' other parts. Parameters
    are float32 throughout. The methods are replaced on this one object: names of parameters stay,
    copies made before (EMA) and networks read from a checkpoint compute as ever.
    """
    # A variational objective asks the style encoder itself for its posterior.
    inner = getattr(network, "style_encoder", None)
    for module in (network, inner):
        if isinstance(module, nn.Module):
            for name in _ENTRIES:
                if getattr(type(module), name, nn.Module.forward) is not nn.Module.forward:
                    compiled = torch.compile(getattr(module, name), backend=backend)
                    setattr(module, name, _in_bf16(compiled, device.type))


def _in_bf16(function: Callable[..., Any], device_type: str) -> Callable[..., Any]:
    def call(*inputs: Any) -> Any:
        with torch.autocast(device_type, torch.bfloat16):
            found = function(*inputs)
        return tuple(x.float() for x in found) if isinstance(found, tuple) else found.float()

    return call
