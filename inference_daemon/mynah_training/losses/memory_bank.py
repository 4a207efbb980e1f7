"""Banks of what clips say, heard and seen, that keep what is unlike the rest (MirrorTalk, stage
1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class MemoryBanks(nn.Module):
    """B^a [N, A] and B^v [N, L]: row i of both belongs to the same clip.

    N (at least a batch) and how many rows a batch replaces are open in the paper: here every batch
    enters whole. The paper's expert is finished before stage 1; here it learns at the same time,
    so that rows older than `lifetime` batches, which it would see differently now, go first.
    """

    heard: Tensor
    seen: Tensor
    age: Tensor
    filled: Tensor

    def __init__(self, size: int, heard_width: int, seen_width: int, lifetime: int) -> None:
        super().__init__()
        self.lifetime = lifetime
        self.register_buffer("heard", torch.zeros(size, heard_width))
        self.register_buffer("seen", torch.zeros(size, seen_width))
        self.register_buffer("age", torch.zeros(size, dtype=torch.long))
        self.register_buffer("filled", torch.zeros(size, dtype=torch.bool))

    def redundancy(self) -> Tensor:
        """ρ [N]: mean cosine of a row of B^a to the other filled rows (Eq. 2)."""
        rows = functional.normalize(self.heard, dim=1) * self.filled[:, None]
        similar = rows @ rows.sum(0) - rows.square().sum(1)
        return similar / (self.filled.sum() - 1).clamp(min=1)

    def forward(self, heard: Tensor, seen: Tensor) -> Tensor:
        """Replaces the most redundant rows of both banks by codes [B, A] and [B, L] of a batch (in
        training), and returns its structural loss."""
        rows = self._replaced(len(heard))
        bank_heard, bank_seen = self.heard.clone(), self.seen.clone()
        bank_heard[rows], bank_seen[rows] = heard.detach(), seen.detach()
        filled, fresh = self.filled.clone(), torch.zeros_like(self.filled)
        filled[rows], fresh[rows] = True, True
        if self.training:
            self.heard, self.seen, self.filled = bank_heard, bank_seen, filled
            self.age = torch.where(fresh, 0, self.age + 1)
        with_gradient = bank_seen.index_copy(0, rows, seen)
        return structural_loss(seen, heard.detach(), with_gradient, bank_heard, filled, fresh)

    def _replaced(self, n: int) -> Tensor:
        stale = self.age >= self.lifetime
        first = torch.where(stale, 2.0, self.redundancy()).masked_fill(~self.filled, 3.0)
        return first.topk(n).indices


def structure_of_batch(heard: Tensor, seen: Tensor) -> Tensor:
    """What `MemoryBanks` competes with: Eq. 3 of the codes [B, A] and [B, L] of one batch."""
    heard, every = heard.detach(), torch.ones(len(heard), dtype=torch.bool, device=heard.device)
    return structural_loss(seen, heard, seen, heard, every, every)


def structural_loss(
    seen: Tensor, heard: Tensor, bank_seen: Tensor, bank_heard: Tensor, filled: Tensor,
    fresh: Tensor,
) -> Tensor:  # fmt: skip
    """Mean over pairs in memory of (cos(v_i, v_j) - cos(a_i, a_j))² (Eq. 3; the paper sums).

    Pairs of two rows that are not of this batch are constant and left out; pairs with one such row
    stand for (i, j) and (j, i). `seen` [B, L] and `heard` [B, A] are the rows of the banks that
    are `fresh` [N].
    """
    difference = _cosines(seen, bank_seen) - _cosines(heard, bank_heard)
    weight = filled.float() * torch.where(fresh, 1.0, 2.0)
    return (difference.square() * weight).sum() / (weight.sum() * len(seen))


def _cosines(first: Tensor, second: Tensor) -> Tensor:
    return functional.normalize(first, dim=1) @ functional.normalize(second, dim=1).mT
