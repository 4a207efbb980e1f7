"""Style basis: persistent expressions of a style, blended into the motion by amounts that change
over time."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import REGIONS, channel_indices

N_REGIONS = len(REGIONS)


class StyleBasis(nn.Module):
    """Σ_k α_k(t) b_k(s) of MSMD, Eq. 4: [B, T, 55] from features [B, T, D] and a style [B, K].

    Each of `n_bases` static expressions b_k comes from three fully connected layers (section 5.2).
    Departures: α is bounded, 0 < α < `limits` of the region, where the paper's is a free number,
    so that no style can be blown up; and it is one number per region (lips, eyes, rest, head) and
    not one for the whole face, so that a smile may stay in the eyes while the lips speak.

    Where `has_style` [B] is 0 nothing is added: the null branch of guidance must not contain the
    style that it is to be compared with.
    """

    region: Tensor
    limits: Tensor

    def __init__(
        self, style_width: int, width: int, n_bases: int, limits: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.decoders = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Linear(style_width, width), nn.GELU(), nn.Linear(width, width), nn.GELU(),
                    nn.Linear(width, len(ARKIT_CHANNELS)),
                )
                for _ in range(n_bases)
            ]
        )  # fmt: skip
        self.amount = nn.Linear(width, n_bases * N_REGIONS)
        region = torch.zeros(len(ARKIT_CHANNELS), dtype=torch.long)
        for i, names in enumerate(REGIONS.values()):
            region[torch.from_numpy(channel_indices(names))] = i
        self.register_buffer("region", region, persistent=False)
        self.register_buffer("limits", torch.tensor(limits), persistent=False)

    def bases(self, style: Tensor) -> Tensor:
        """The expressions b_k [B, n_bases, 55] of styles [B, K]."""
        return torch.stack([decoder(style) for decoder in self.decoders], dim=1)

    def amounts(self, features: Tensor) -> Tensor:
        """α [B, T, n_bases, regions] of features [B, T, D]."""
        free = self.amount(features).unflatten(-1, (len(self.decoders), N_REGIONS))
        return self.limits * free.sigmoid()

    def forward(self, features: Tensor, style: Tensor, has_style: Tensor) -> Tensor:
        amounts = self.amounts(features)[..., self.region]
        added = (amounts * self.bases(style)[:, None]).sum(dim=2)
        return has_style[:, None, None] * added
