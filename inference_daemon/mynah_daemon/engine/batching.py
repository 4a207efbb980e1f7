"""One graph for many lines: what several threads ask while it is busy is answered as one batch."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
logger = logging.getLogger("mynah_daemon.worker")

MOST_ITEMS: Final = 32
"""Beyond this a batch costs each of its lines as much time as it saves the others; with little
memory it is less."""


class Graph(Protocol):
    """What can be asked, an item per row of every input."""

    def run(self, **inputs: FloatArray) -> list[FloatArray]:
        """Outputs with an item per row, in the inputs' order."""
        ...


@dataclass(eq=False)
class _Question:
    inputs: dict[str, FloatArray]
    answer: list[FloatArray] | None = None
    failure: Exception | None = None

    @property
    def n_items(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: value.shape[1:] for name, value in self.inputs.items()}


class BatchedGraph:
    """Runs `graph` for any thread, one batch at a time.

    Nobody waits for a batch to fill: a question that finds the graph free is answered at once, and
    those that come meanwhile go together into the next batch, as far as their shapes agree; one of
    more items than a batch may have is asked in parts. If the graph fails on a batch, as on a
    device without enough memory, its questions are asked one by one, at last item by item, so that
    each fails only by itself, and batches are half as large from then on.
    """

    def __init__(self, graph: Graph, most_items: int = MOST_ITEMS) -> None:
        self._graph, self.most_items = graph, most_items
        self._waiting: deque[_Question] = deque()
        self._changes = threading.Lock()
        self._device = threading.Lock()

    def run(self, **inputs: FloatArray) -> list[FloatArray]:
        """The graph's outputs for these inputs; raises what the graph raises on them."""
        question = _Question(inputs)
        with self._changes:
            self._waiting.append(question)
        with self._device:  # whoever gets it next answers for all that wait
            if question.answer is None and question.failure is None:
                self._answer(self._take(question))
        if question.failure is not None:
            raise question.failure
        assert question.answer is not None
        return question.answer

    def _take(self, first: _Question) -> list[_Question]:
        """`first` and those that wait and fit to it, in the order in which they came."""
        taken, n_items = [first], first.n_items
        with self._changes:
            self._waiting.remove(first)
            for other in list(self._waiting):
                if other.shapes == first.shapes and n_items + other.n_items <= self.most_items:
                    self._waiting.remove(other)
                    taken.append(other)
                    n_items += other.n_items
        return taken

    def _answer(self, questions: list[_Question]) -> None:
        try:
            self._answer_together(questions, self.most_items)
        except Exception as failure:  # the runtime's own types, none of them exported
            if len(questions) > 1:
                self._shrink()
                for question in questions:
                    self._answer([question])
            else:
                self._answer_in_pieces(questions[0], failure)

    def _answer_in_pieces(self, question: _Question, failure: Exception) -> None:
        """What the graph failed on, item by item: if it can't do that either, the question is bad
        and not the memory small."""
        try:
            if question.n_items == 1:
                raise failure
            self._answer_together([question], 1)
        except Exception as last:  # as above
            question.failure = last
        else:
            self._shrink()

    def _shrink(self) -> None:
        self.most_items = max(1, self.most_items // 2)
        logger.warning("memory for at most %d windows at a time", self.most_items)

    def _answer_together(self, questions: list[_Question], most: int) -> None:
        names = questions[0].inputs
        inputs = {name: np.concatenate([q.inputs[name] for q in questions]) for name in names}
        n_items = sum(question.n_items for question in questions)
        parts = [
            self._graph.run(**{name: value[i : i + most] for name, value in inputs.items()})
            for i in range(0, n_items, most)
        ]
        ends = np.cumsum([question.n_items for question in questions])[:-1]
        outputs = [np.split(np.concatenate(part), ends) for part in zip(*parts, strict=True)]
        for i, question in enumerate(questions):
            question.answer = [output[i] for output in outputs]
