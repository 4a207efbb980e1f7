"""One graph for many lines: what several threads ask while it is busy is answered as one batch."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MOST_ITEMS: Final = 32
"""Beyond this a batch costs each of its lines as much time as it saves the others."""


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
    those that come meanwhile go together into the next batch, as far as their shapes agree. If the
    graph fails on a batch, as on a device without enough memory, its questions are asked one by
    one, so that each fails only by itself, and batches are half as large from then on.
    """

    def __init__(self, graph: Graph, most_items: int = MOST_ITEMS) -> None:
        self._graph, self._most_items = graph, most_items
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
                if other.shapes == first.shapes and n_items + other.n_items <= self._most_items:
                    self._waiting.remove(other)
                    taken.append(other)
                    n_items += other.n_items
        return taken

    def _answer(self, questions: list[_Question]) -> None:
        try:
            self._answer_together(questions)
        except Exception as failure:  # the runtime's own types, none of them exported
            if len(questions) == 1:
                questions[0].failure = failure
                return
            self._most_items = max(1, self._most_items // 2)
            for question in questions:
                self._answer([question])

    def _answer_together(self, questions: list[_Question]) -> None:
        names = questions[0].inputs
        inputs = {name: np.concatenate([q.inputs[name] for q in questions]) for name in names}
        ends = np.cumsum([question.n_items for question in questions])[:-1]
        outputs = [np.split(output, ends) for output in self._graph.run(**inputs)]
        for i, question in enumerate(questions):
            question.answer = [output[i] for output in outputs]
