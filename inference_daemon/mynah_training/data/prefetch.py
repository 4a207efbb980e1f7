"""Batches drawn ahead by worker processes, for a device that would otherwise wait for them.

Samplers work item by item with numpy, most of all where performances are made, so the work is
shared among processes. The packed features stay in main memory: only batches travel to a GPU.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from ..train import Sampler

_MOST_WORKERS = 8


class _Steps(Dataset[Any]):
    """The batch of each step by itself, whoever draws it."""

    def __init__(self, sampler: Sampler, seed: int) -> None:
        self.sampler, self.seed = sampler, seed

    def __getitem__(self, index: int) -> Any:
        self.sampler.reseed(self.seed, index)
        return self.sampler.draw()


class Prefetcher:
    """Gives the batches of a sampler in order, on `device`.

    Every batch starts the stretch of the random sequence that belongs to its step: the batches are
    the same whatever the number of workers, and after a resume those that would have followed
    (another sequence than that of the bare sampler, which is seeded once per run). An exception in
    a worker is raised by `draw`. The workers end with `close`, or with the process.
    """

    def __init__(
        self, sampler: Sampler, seed: int, device: torch.device, workers: int | None = None
    ) -> None:
        self._sampler, self._device = sampler, device
        self._workers = workers or max(1, min(_MOST_WORKERS, (os.cpu_count() or 1) - 1))
        self._seed, self._step = seed, 0
        self._batches: Iterator[Any] | None = None

    def reseed(self, seed: int, step: int) -> None:
        """Goes on with the batch of `step`."""
        self.close()
        self._seed, self._step = seed, step

    def draw(self) -> Any:
        """The next batch; starts the workers if none are at work."""
        if self._batches is None:
            loader = DataLoader(
                _Steps(self._sampler, self._seed), batch_size=None,
                sampler=itertools.count(self._step), num_workers=self._workers,
            )  # fmt: skip
            self._batches = iter(loader)
        try:
            batch = next(self._batches)
        except Exception as error:  # whatever a worker met; it is raised again below
            self.close()
            # The frames of the traceback would keep the loader and its workers alive.
            raise error.with_traceback(None) from None
        self._step += 1
        moved = {name: value.to(self._device) for name, value in vars(batch).items()}
        return replace(batch, **moved)

    def close(self) -> None:
        """Ends the workers; a later `draw` goes on where this one ended."""
        self._batches = None  # what the loader's iterator holds ends with it
