"""Questions of several threads in one batch: the same answers, in fewer runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from mynah_daemon.engine.batching import BatchedGraph

FloatArray = NDArray[np.float32]


class Doubling:
    """Gives back twice what it is given, when it may; notes how many items came at a time."""

    def __init__(self, allowed: Callable[[FloatArray], bool] = lambda _: True) -> None:
        self.sizes: list[int] = []
        self.allowed = allowed
        self.open = threading.Event()
        self.open.set()

    def run(self, **inputs: FloatArray) -> list[FloatArray]:
        x = inputs["x"]
        self.sizes.append(len(x))
        self.open.wait(10)
        if not self.allowed(x):
            raise MemoryError(f"{len(x)} items")
        return [2 * x, x.sum(axis=1)]


def question(value: float, n_items: int = 1, width: int = 3) -> FloatArray:
    return np.full((n_items, width), value, np.float32)


def ask_while_busy(graph: BatchedGraph, inner: Doubling, *asked: FloatArray) -> list[object]:
    """What the questions get that all come while the graph works on another one."""

    def ask(x: FloatArray) -> object:
        try:
            return graph.run(x=x)[0]
        except MemoryError as failure:
            return failure

    inner.open.clear()
    with ThreadPoolExecutor(len(asked) + 1) as threads:
        first = threads.submit(ask, question(0))
        while not inner.sizes:
            time.sleep(0.001)
        others = [threads.submit(ask, x) for x in asked]
        while len(graph._waiting) < len(asked):
            time.sleep(0.001)
        inner.open.set()
        assert isinstance(first.result(10), np.ndarray)
        return [other.result(10) for other in others]


def test_what_comes_while_it_works_goes_in_one_batch() -> None:
    inner = Doubling()
    graph = BatchedGraph(inner)
    asked = [question(1), question(2, 3), question(3)]
    for x, answer in zip(asked, ask_while_busy(graph, inner, *asked), strict=True):
        np.testing.assert_array_equal(answer, 2 * x)
    assert inner.sizes == [1, 5]


def test_other_shapes_wait_for_a_batch_of_their_own() -> None:
    inner = Doubling()
    graph = BatchedGraph(inner)
    asked = [question(1), question(2, width=4), question(3)]
    for x, answer in zip(asked, ask_while_busy(graph, inner, *asked), strict=True):
        np.testing.assert_array_equal(answer, 2 * x)
    assert sorted(inner.sizes) == [1, 1, 2]


def test_batches_have_a_limit() -> None:
    inner = Doubling()
    ask_while_busy(BatchedGraph(inner, 4), inner, *[question(i) for i in range(9)])
    assert max(inner.sizes) == 4
    assert sum(inner.sizes) == 10


def test_a_question_beyond_the_limit_goes_in_parts() -> None:
    inner = Doubling()
    x = np.arange(18, dtype=np.float32).reshape(6, 3)
    doubled, sums = BatchedGraph(inner, 4).run(x=x)
    np.testing.assert_array_equal(doubled, 2 * x)
    np.testing.assert_array_equal(sums, x.sum(axis=1))
    assert inner.sizes == [4, 2]


def test_a_question_too_large_for_the_memory_is_asked_item_by_item() -> None:
    inner = Doubling(lambda x: len(x) <= 1)
    graph = BatchedGraph(inner, 8)
    np.testing.assert_array_equal(graph.run(x=question(1, 3))[0], question(2, 3))
    assert inner.sizes == [3, 1, 1, 1]
    assert graph.most_items == 4


def test_a_bad_question_makes_no_batch_smaller() -> None:
    graph = BatchedGraph(Doubling(lambda x: not (x == 13).any()), 8)
    with pytest.raises(MemoryError):
        graph.run(x=question(13, 3))
    assert graph.most_items == 8


def test_too_little_memory_halves_the_batch() -> None:
    inner = Doubling(lambda x: len(x) <= 3)
    graph = BatchedGraph(inner, 8)
    asked = [question(i) for i in range(8)]
    for x, answer in zip(asked, ask_while_busy(graph, inner, *asked), strict=True):
        np.testing.assert_array_equal(answer, 2 * x)
    inner.sizes.clear()
    ask_while_busy(graph, inner, *asked)
    assert max(inner.sizes) <= 4


def test_a_question_that_fails_takes_no_other_along() -> None:
    inner = Doubling(lambda x: not (x == 13).any())
    answers = ask_while_busy(BatchedGraph(inner), inner, question(1), question(13), question(2))
    assert isinstance(answers[1], MemoryError)
    np.testing.assert_array_equal(answers[0], question(2))
    np.testing.assert_array_equal(answers[2], question(4))
    with pytest.raises(MemoryError):
        BatchedGraph(inner).run(x=question(13))
