"""Questions about the style library: answered without waiting, also while lines are performed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator

import pytest

from mynah_shared.client.background import (
    Answered,
    BackgroundClient,
    Cancelled,
    ClientEvent,
    Failed,
    LibraryQuestion,
    Line,
)
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip, make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon

pytestmark = pytest.mark.timeout(60)

LINE = Line(make_tone(), "line.wav", fps=24.0)
LIST = LibraryQuestion(m.ListStyles())
CLIP = clip_to_npz(make_clip())


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon() as daemon:
        yield daemon


@pytest.fixture
def client(daemon: FakeDaemon) -> Iterator[BackgroundClient]:
    client = BackgroundClient(lambda: daemon.info, "test", "1")
    yield client
    client.close(5)


def ending(client: BackgroundClient, ticket: str) -> ClientEvent:
    """The event that ends a ticket."""
    while True:
        event = client.events.get(timeout=10)
        if isinstance(event, Answered | Failed | Cancelled) and event.ticket == ticket:
            return event


def answer(client: BackgroundClient, message: m.Message, clip: bytes | None = None) -> m.Message:
    event = ending(client, client.ask(LibraryQuestion(message, clip)))
    assert isinstance(event, Answered), event
    return event.reply


def test_the_library_from_listing_to_removing(client: BackgroundClient, daemon: FakeDaemon) -> None:
    before = answer(client, m.ListStyles())
    assert [style.name for style in before.styles] == ["neutral"]
    add = m.AddStyle("angry", "", "take.npz", ("loud",))
    after = answer(client, add, CLIP)
    assert [style.tags for style in after.styles] == [(), ("loud",)]
    assert CLIP in daemon.blobs.values()
    daemon.pictures["angry"] = b"\x89PNG"
    assert answer(client, m.FetchStylePicture("angry")) == m.StylePicture("angry", b"\x89PNG")
    assert answer(client, m.RemoveStyle("angry")) == before


def test_a_refusal_is_the_daemons_sentence(client: BackgroundClient) -> None:
    event = ending(client, client.ask(LibraryQuestion(m.RemoveStyle("none"))))
    assert event == Failed(event.ticket, "bad_value", "There is no style 'none' of yours.")


def test_a_clip_that_is_not_there_is_named(client: BackgroundClient, tmp_path) -> None:
    question = LibraryQuestion(m.AddStyle("angry", "", "take.npz"), tmp_path / "take.npz")
    event = ending(client, client.ask(question))
    assert isinstance(event, Failed)
    assert "The style clip" in event.message
    assert "does not exist" in event.message


def test_questions_do_not_wait_for_lines(client: BackgroundClient, daemon: FakeDaemon) -> None:
    daemon.step_s = 5
    for seed in range(40):
        client.generate(dataclasses.replace(LINE, seed=seed))
    while daemon.count(m.Submit) < 16:
        time.sleep(0.01)
    assert isinstance(ending(client, client.ask(LIST)), Answered)
    assert daemon.count(m.Submit) == 16


def test_questions_are_asked_in_their_order(client: BackgroundClient, daemon: FakeDaemon) -> None:
    add = m.AddStyle("angry", "", "take.npz")
    added = client.ask(LibraryQuestion(add, CLIP))
    assert isinstance(ending(client, added), Answered)
    names = [f"style {i}" for i in range(20)]
    tickets = [client.ask(LibraryQuestion(m.FetchStylePicture(name))) for name in names]
    for ticket in tickets:
        assert isinstance(ending(client, ticket), Answered)
    asked = [seen.name for seen in daemon.seen if isinstance(seen, m.FetchStylePicture)]
    assert asked == names


def test_a_question_survives_the_loss_of_its_daemon(daemon: FakeDaemon) -> None:
    daemon.replies[m.ListStyles] = lambda _: []  # silence
    with FakeDaemon() as second:
        infos = iter([daemon.info, second.info])
        client = BackgroundClient(lambda: next(infos), "test", "1")
        ticket = client.ask(LIST)
        while not daemon.count(m.ListStyles):
            time.sleep(0.01)
        daemon.close()
        assert isinstance(ending(client, ticket), Answered)
        client.close(5)


def test_without_a_daemon_a_question_fails() -> None:
    def connect() -> ConnectionInfo:
        raise EngineUnavailableError("There is no daemon; start one.")

    client = BackgroundClient(connect, "test", "1")
    ticket = client.ask(LIST)
    assert ending(client, ticket) == Failed(ticket, "unavailable", "There is no daemon; start one.")
    client.close(5)
    with pytest.raises(BadInputError, match="is closed"):
        client.ask(LIST)


def test_a_question_can_be_cancelled(client: BackgroundClient, daemon: FakeDaemon) -> None:
    daemon.replies[m.ListStyles] = lambda _: []
    ticket = client.ask(LIST)
    client.cancel(ticket)
    assert ending(client, ticket) == Cancelled(ticket)
