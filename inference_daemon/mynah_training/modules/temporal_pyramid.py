"""Features of a performance at several scales of time, as image encoders have scales of space."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class TemporalPyramid(nn.Module):
    """[B, T, C] → the outputs [B, T, D] of every layer; layer i sees `dilations[i]` more frames on
    each side than the one before it.

    No statistics of the batch are used, so a clip's features never depend on the others in it.
    `reach` is how many frames the last layer sees on each side.
    """

    def __init__(self, channels: int, width: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.reach = sum(dilations)
        self.stem = nn.Linear(channels, width)
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in dilations])
        self.convs = nn.ModuleList(
            [nn.Conv1d(width, 2 * width, 3, padding=d, dilation=d) for d in dilations]
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        x, outputs = self.stem(x), []
        for norm, conv in zip(self.norms, self.convs, strict=True):
            x = x + functional.glu(conv(norm(x).transpose(1, 2)), dim=1).transpose(1, 2)
            outputs.append(x)
        return outputs
