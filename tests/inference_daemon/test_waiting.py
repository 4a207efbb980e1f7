"""Who is next in the queue."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from mynah_daemon.waiting import FairQueue


@dataclass(frozen=True)
class Line:
    client: bytes
    name: str
    is_batch: bool = False


def queue_of(*lines: Line) -> FairQueue[Line]:
    queue: FairQueue[Line] = FairQueue()
    for line in lines:
        queue.add(line)
    return queue


def served(queue: FairQueue[Line], seconds: float = 1.0) -> str:
    """The names in the order of their turns, each line taking so long."""
    names = ""
    while (line := queue.pop()) is not None:
        queue.charge(line.client, seconds)
        names += line.name
    return names


def test_one_client_is_served_in_its_order() -> None:
    assert served(queue_of(*(Line(b"a", name) for name in "12345"))) == "12345"


def test_clients_take_turns() -> None:
    lines = [Line(b"a", name) for name in "12345"] + [Line(b"b", name) for name in "xy"]
    assert served(queue_of(*lines)) == "1x2y345"


def test_a_client_with_long_lines_waits_longer() -> None:
    queue = queue_of(
        *(Line(b"a", name) for name in "123"), *(Line(b"b", name) for name in "uvwxyz")
    )
    names = ""
    while (line := queue.pop()) is not None:
        queue.charge(line.client, 4.0 if line.client == b"a" else 1.0)
        names += line.name
    assert names == "1uvwx2yz3"


def test_who_comes_late_is_next_but_has_no_credit_of_the_past() -> None:
    queue = queue_of(*(Line(b"a", name) for name in "123456789"))
    for _ in range(5):
        line = queue.pop()
        assert line is not None
        queue.charge(line.client, 1.0)
    for name in "xyz":
        queue.add(Line(b"b", name))
    assert served(queue) in ("6x7y8z9", "x6y7z89")


def test_people_go_before_batches_but_not_for_ever() -> None:
    people = [Line(b"a", name) for name in "0123456789"]
    batch = [Line(b"b", name, is_batch=True) for name in "xyz"]
    assert served(queue_of(*batch, *people)) == "01234567x89yz"


def test_what_was_discarded_never_has_its_turn() -> None:
    lines = [Line(b"a", name) for name in "1234"]
    queue = queue_of(*lines)
    queue.discard(lines[2])
    queue.discard(lines[2])
    assert len(queue) == 3
    assert served(queue) == "124"


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 3)), max_size=60),
)
def test_nobody_is_forgotten_and_a_clients_lines_of_a_kind_keep_their_order(
    steps: list[tuple[str, bool, int]],
) -> None:
    queue: FairQueue[Line] = FairQueue()
    waiting: list[Line] = []
    for i, (client, is_batch, n_turns) in enumerate(steps):
        line = Line(client.encode(), f"{i:02d}", is_batch)
        queue.add(line)
        waiting.append(line)
        for _ in range(n_turns):
            taken = queue.pop()
            assert (taken is None) == (not waiting)
            if taken is None:
                break
            same = [w for w in waiting if (w.client, w.is_batch) == (taken.client, taken.is_batch)]
            assert taken is same[0]
            waiting.remove(taken)
            queue.charge(taken.client, i % 3)
        assert len(queue) == len(waiting)
    while (taken := queue.pop()) is not None:
        waiting.remove(taken)
    assert not waiting
