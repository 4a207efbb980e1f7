"""A daemon on another computer, chosen in Blender: real sockets, real keys, files of this user."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from blender_addon.doctor.engine import findings_of
from blender_addon.operators.remote import start_test
from blender_addon.session import session
from blender_addon.setup.places import engine_place
from blender_addon.setup.remote import connection_test
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.client.examination import look_at_engine
from mynah_shared.client.key_text import text_to_key
from mynah_shared.client.remote import (
    RemoteDaemon,
    chosen_remote,
    own_key_text,
    write_remote_file,
)
from mynah_shared.setup.status import State, look, looked
from mynah_shared.testing.fake_daemon import FakeDaemon

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(120)]


@pytest.fixture
def remote(mynah_home: Path, tmp_path: Path) -> Iterator[tuple[FakeDaemon, Path]]:
    """A daemon of which this user has nothing but a connection file."""
    mine = text_to_key(own_key_text())
    with FakeDaemon(client_key=mine) as daemon:
        path = tmp_path / "mynah-render01.json"
        ports = [int(daemon.info.endpoint.rpartition(":")[2])]
        ports += [int(daemon.info.control_endpoint.rpartition(":")[2])]
        write_remote_file(path, RemoteDaemon("localhost", *ports, daemon.info.server_public_key))
        yield daemon, path
    connection_test.forget()
    looked.forget()


def test_the_key_goes_to_the_clipboard_and_its_secret_half_nowhere() -> None:
    assert bpy.ops.mynah.copy_key() == {"FINISHED"}
    key = own_key_text()
    assert key == own_key_text(), "one key, not a new one at each look"
    text_to_key(key)


def test_lines_are_made_by_the_chosen_daemon_and_none_is_started_here(
    remote: tuple[FakeDaemon, Path], face: bpy.types.Object, voice: Path
) -> None:
    daemon, path = remote
    assert look("", engine_place()).state is not State.ELSEWHERE
    assert bpy.ops.mynah.choose_daemon(filepath=str(path)) == {"FINISHED"}
    assert connection_test.text == (
        f"localhost:{daemon.info.endpoint.rpartition(':')[2]} answers; models: 1, styles: 1."
    )
    status = look("", engine_place())
    assert status.state is State.ELSEWHERE
    assert status.text.startswith("Lines are made on localhost:")
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert face.data.shape_keys.animation_data.action is not None
    assert read_connection_file() is None
    state = look_at_engine("", engine_place().engine)
    assert (state.computer, state.n_models, state.fault) == ("localhost", 1, "")
    assert not [f for f in findings_of(bpy.context, state) if "engine" in f.text]


def test_the_way_back(remote: tuple[FakeDaemon, Path]) -> None:
    bpy.ops.mynah.choose_daemon(filepath=str(remote[1]))
    assert bpy.ops.mynah.use_this_computer() == {"FINISHED"}
    assert chosen_remote() is None
    assert connection_test.text == ""
    with pytest.raises(RuntimeError, match="nothing to test"):
        bpy.ops.mynah.test_connection()


def test_a_file_that_is_none_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"host": "render01"}')
    with pytest.raises(RuntimeError, match="is no connection file of a Mynah daemon"):
        bpy.ops.mynah.choose_daemon(filepath=str(path))
    with pytest.raises(RuntimeError, match="can't be read"):
        bpy.ops.mynah.choose_daemon(filepath=str(tmp_path / "none.json"))
    assert chosen_remote() is None


def test_a_daemon_that_is_gone_is_a_sentence_and_nothing_starts_here(
    remote: tuple[FakeDaemon, Path], face: bpy.types.Object, voice: Path
) -> None:
    daemon, path = remote
    daemon.close()
    with pytest.raises(RuntimeError, match="Nothing listens at localhost:"):
        bpy.ops.mynah.choose_daemon(filepath=str(path))
    assert connection_test.is_error
    assert chosen_remote() is not None, "it may only be down for the moment"
    with pytest.raises(RuntimeError, match=r"Nothing listens at localhost:.* go back to this"):
        bpy.ops.mynah.generate()
    assert read_connection_file() is None
    assert "Nothing listens" in look_at_engine("", engine_place().engine).fault


def test_a_key_that_was_not_added_is_a_sentence(
    remote: tuple[FakeDaemon, Path], mynah_home: Path
) -> None:
    (mynah_home / "client.key").unlink()
    with pytest.raises(RuntimeError, match="does not accept this computer's key"):
        bpy.ops.mynah.choose_daemon(filepath=str(remote[1]))


def test_a_choice_that_was_damaged_can_be_taken_back(
    remote: tuple[FakeDaemon, Path], mynah_home: Path
) -> None:
    bpy.ops.mynah.choose_daemon(filepath=str(remote[1]))
    (mynah_home / "remote.json").write_text("{")
    status = look("", engine_place())
    assert status.state is State.MISNAMED
    assert not status.is_local
    assert "names no daemon" in status.text
    assert bpy.ops.mynah.use_this_computer() == {"FINISHED"}
    assert look("", engine_place()).is_local


def test_no_call_waits_for_an_answer(remote: tuple[FakeDaemon, Path]) -> None:
    """As with a window: the test is begun, Blender goes on, the answer comes by the timer."""
    daemon, path = remote
    bpy.ops.mynah.choose_daemon(filepath=str(path))
    session.close()
    daemon.frozen.set()
    began_s = time.thread_time()
    start_test()
    assert time.thread_time() - began_s < 0.1
    assert connection_test.is_running
    assert not bpy.ops.mynah.test_connection.poll()
    for _ in range(3):
        session.pump()
    assert connection_test.is_running
    daemon.frozen.clear()
    session.run_until_done()
    assert not connection_test.is_error, connection_test.text
    assert "answers" in connection_test.text
