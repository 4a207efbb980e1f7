"""Setting up the engine: real installer, real environments, real pip; only the engine is tiny."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

import blender_addon
from blender_addon.operators import engine
from blender_addon.preferences import chosen_connection
from blender_addon.setup import job
from blender_addon.setup.job import set_up
from blender_addon.setup.places import engine_folder, engine_place
from mynah_shared._version import __version__
from mynah_shared.errors import MynahError
from mynah_shared.setup.installer import environments
from mynah_shared.setup.installer.folder_lock import locked
from mynah_shared.setup.status import State, look, looked
from tests.blender.pace import limit_s
from tests.shared.tiny_engine import SICK, fetch_pip, write_engine, write_wheel

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(180)]

ONLY_FILES = {"set-up.lock", "set-up.log"}


@pytest.fixture(scope="session")
def pip_wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    return fetch_pip(tmp_path_factory.mktemp("pip"), repository)


@pytest.fixture(autouse=True)
def wheels(
    addon: None, pip_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The extension brings a tiny engine and all it needs; nothing else is installed here."""
    monkeypatch.delenv("MYNAH_ENGINE")
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = write_engine(tmp_path / "engine", pip_wheel)
    monkeypatch.setattr(engine, "PACKAGES", folder)
    looked.forget()
    yield folder
    set_up.close()
    bpy.context.preferences.system.use_online_access = False


@pytest.fixture
def preferences() -> Iterator[bpy.types.AddonPreferences]:
    """The add-on's preferences, as for an enabled add-on."""
    entry = bpy.context.preferences.addons.new()
    entry.module = blender_addon.__name__
    yield entry.preferences
    bpy.context.preferences.addons.remove(entry)


@pytest.fixture
def in_the_middle(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Begins a set-up and returns while it waits for an index that never answers; when the test
    goes on, all is at hand again."""
    runtime = next(wheels.glob("onnxruntime-*"))
    hidden = runtime.rename(wheels / "hidden")
    asked: list[socket.socket] = []

    def begin() -> None:
        set_up.start(engine._order("set_up"))
        pump_until(lambda: bool(asked) or not set_up.is_busy)
        assert set_up.is_busy, set_up.ended
        hidden.rename(runtime)
        bpy.context.preferences.system.use_online_access = False

    with socket.create_server(("127.0.0.1", 0)) as index:
        threading.Thread(target=lambda: asked.append(index.accept()[0]), daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{index.getsockname()[1]}/simple")
        bpy.context.preferences.system.use_online_access = True
        yield begin
    for connection in asked:
        connection.close()


def status() -> State:
    return look("", engine_place()).state


def only_environment() -> environments.Environment:
    (found,) = engine_place().environments()
    return found


def left() -> set[str]:
    return {path.name for path in engine_folder().iterdir()}


def pump_until(is_so: Callable[[], bool], timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline, set_up.told or set_up.ended
        set_up.pump()
        time.sleep(0.005)


def test_one_call_sets_up_the_engine_without_a_network() -> None:
    assert status() is State.MISSING
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert status() is State.READY
    made = only_environment()
    assert made.stamp.version == __version__
    assert made.stamp.device in ("CPU", "GPU")
    assert engine_place().engine().arguments[0] == str(made.python)
    code = "import mynah_daemon, sys; print(mynah_daemon.__file__); print(sys.prefix)"
    said = subprocess.check_output([made.python, "-I", "-c", code], text=True, timeout=60)
    assert all(Path(line).is_relative_to(made.path) for line in said.splitlines())
    assert left() == ONLY_FILES | {made.path.name}
    assert bpy.ops.mynah.remove_engine() == {"FINISHED"}
    assert left() == ONLY_FILES
    assert status() is State.MISSING


def test_nothing_is_written_into_the_extension_or_blenders_python(
    wheels: Path, repository: Path
) -> None:
    site = Path(next(path for path in sys.path if path.endswith("site-packages")))
    watched = [wheels, repository / "shared" / "mynah_shared" / "setup", site]

    def listing() -> list[list[str]]:
        return [sorted(str(path) for path in folder.rglob("*")) for folder in watched]

    before = listing()
    wheels.chmod(0o555)
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    wheels.chmod(0o755)
    assert listing() == before


def test_progress_never_falls_and_no_tick_is_long() -> None:
    # the processor's time of this thread only: other programs may take turns in between
    worst = []
    for _ in range(3):
        began = time.thread_time()
        set_up.start(engine._order("set_up"))
        ticks = [time.thread_time() - began]
        fractions = []
        while set_up.is_busy:
            time.sleep(0.005)
            began = time.thread_time()
            set_up.pump()
            ticks.append(time.thread_time() - began)
            if set_up.told is not None:
                fractions.append(set_up.told.fraction)
        assert set_up.ended.ending == "done", set_up.ended
        assert fractions == sorted(fractions)
        worst.append(max(ticks))
        if worst[-1] < limit_s():
            break
    assert min(worst) < limit_s()


def test_cancel_leaves_nothing_and_the_next_one_works(in_the_middle: Callable[[], None]) -> None:
    in_the_middle()
    watch = set_up.watch
    began = time.thread_time()
    assert bpy.ops.mynah.cancel_set_up() == {"FINISHED"}
    assert time.thread_time() - began < limit_s()
    assert set_up.ended.text == "Cancelled; nothing was changed."
    watch.join(60)
    assert not watch.is_alive()
    assert left() == ONLY_FILES
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert status() is State.READY


def test_cancel_at_once_and_begin_again() -> None:
    """The new installer waits until the cancelled one has cleaned up."""
    set_up.start(engine._order("set_up"))
    set_up.cancel()
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert left() == ONLY_FILES | {only_environment().path.name}


def test_a_killed_installer_leaves_no_engine_and_the_next_one_clears_up(
    in_the_middle: Callable[[], None],
) -> None:
    in_the_middle()
    set_up.watch.process.kill()
    pump_until(lambda: not set_up.is_busy)
    assert set_up.ended.ending == "error"
    assert "in the middle" in set_up.ended.text
    assert status() is State.MISSING
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert left() == ONLY_FILES | {only_environment().path.name}


def test_disabling_the_addon_stops_it(in_the_middle: Callable[[], None]) -> None:
    in_the_middle()
    watch = set_up.watch
    blender_addon.unregister()
    watch.join(60)
    assert not watch.is_alive()
    assert left() == ONLY_FILES
    blender_addon.register()


def test_another_blender_at_it_is_waited_for() -> None:
    engine_folder().mkdir(parents=True)
    with locked(engine_folder(), lambda: None):
        set_up.start(engine._order("set_up"))
        time.sleep(0.5)
        set_up.pump()
        assert set_up.is_busy
        watch = set_up.watch
        set_up.cancel()
        watch.join(60)
        assert not watch.is_alive()


def test_offline_without_all_packages_is_a_sentence(wheels: Path) -> None:
    next(wheels.glob("onnxruntime-*")).unlink()
    with pytest.raises(RuntimeError, match=r"work offline.*engine package.*'onnxruntime'"):
        bpy.ops.mynah.set_up_engine()
    assert left() == ONLY_FILES
    assert "No matching distribution" in (engine_folder() / "set-up.log").read_text("utf-8")


def test_an_index_that_cant_be_reached_is_a_sentence(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(wheels.glob("onnxruntime-*")).unlink()
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    bpy.context.preferences.system.use_online_access = True
    with pytest.raises(RuntimeError, match=r"index can't be reached.*try again"):
        bpy.ops.mynah.set_up_engine()
    assert left() == ONLY_FILES


class Refuser(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password."""

    def do_CONNECT(self) -> None:
        self.send_error(407)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


def test_a_proxy_that_refuses_is_a_sentence(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    next(wheels.glob("onnxruntime-*")).unlink()
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
    bpy.context.preferences.system.use_online_access = True
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuser) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        with pytest.raises(RuntimeError, match="proxy refuses"):
            bpy.ops.mynah.set_up_engine()
        proxy.shutdown()


def test_an_engine_package_serves_without_a_network(
    wheels: Path, pip_wheel: Path, tmp_path: Path, preferences: bpy.types.AddonPreferences
) -> None:
    chosen = write_engine(tmp_path / "chosen", pip_wheel, version="2.0")
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in chosen.iterdir():
            archive.write(path, f"../{path.name}")  # must not end up beside the folder
    shutil.rmtree(wheels)
    preferences.engine_package = str(tmp_path / "package.zip")
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    site = environments.site_packages(only_environment().path)
    assert (site / "mynah_daemon-2.0.dist-info").is_dir()
    assert left() == ONLY_FILES | {only_environment().path.name}


def test_what_captures_videos_is_installed_when_wanted(
    wheels: Path, preferences: bpy.types.AddonPreferences
) -> None:
    preferences.with_videos = True
    with pytest.raises(RuntimeError, match="'mediapipe'"):
        bpy.ops.mynah.set_up_engine()
    write_wheel(wheels, "mediapipe")
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    made = only_environment()
    assert made.stamp.with_videos
    assert (environments.site_packages(made.path) / "mediapipe").is_dir()


def test_an_engine_package_that_lacks_something_is_a_sentence(
    wheels: Path, tmp_path: Path, preferences: bpy.types.AddonPreferences
) -> None:
    next(wheels.glob("onnxruntime-*")).unlink()
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in wheels.iterdir():
            archive.write(path, path.name)
    preferences.engine_package = str(tmp_path / "package.zip")
    bpy.context.preferences.system.use_online_access = True
    with pytest.raises(RuntimeError, match=r"package does not hold all.*'onnxruntime'"):
        bpy.ops.mynah.set_up_engine()
    assert left() == ONLY_FILES


@pytest.mark.parametrize("content", [None, b"not a zip"])
def test_a_wrong_engine_package_is_a_sentence(
    content: bytes | None, tmp_path: Path, preferences: bpy.types.AddonPreferences
) -> None:
    path = tmp_path / "holiday.zip"
    if content:
        path.write_bytes(content)
    preferences.engine_package = str(path)
    with pytest.raises(RuntimeError, match=r"holiday\.zip' is no engine package: choose"):
        bpy.ops.mynah.set_up_engine()


def test_an_extension_without_the_engine_is_a_sentence(wheels: Path) -> None:
    next(wheels.glob("mynah_daemon-*")).unlink()
    with pytest.raises(RuntimeError, match="no wheel of mynah_daemon"):
        bpy.ops.mynah.set_up_engine()


def test_an_engine_that_does_not_work_is_not_kept_and_the_old_one_stays(
    wheels: Path, pip_wheel: Path
) -> None:
    bpy.ops.mynah.set_up_engine()
    old = only_environment()
    write_engine(wheels, pip_wheel, main=SICK)
    with pytest.raises(RuntimeError, match=r"does not work here \(decoding: no sound\)"):
        bpy.ops.mynah.set_up_engine()
    assert only_environment() == old
    assert left() == ONLY_FILES | {old.path.name}
    assert status() is State.READY


def test_a_folder_that_cant_be_made_is_a_sentence(mynah_home: Path) -> None:
    engine_folder().write_text("in the way")
    with pytest.raises(RuntimeError, match="set-up failed in"):
        bpy.ops.mynah.set_up_engine()


def test_an_engine_whose_python_is_gone_is_repaired_without_packages(wheels: Path) -> None:
    bpy.ops.mynah.set_up_engine()
    made = only_environment()
    config = made.path / "pyvenv.cfg"
    home = environments.home_of(made.path)
    config.write_text(config.read_text().replace(home, "/opt/blender-that-was-updated"))
    assert status() is State.BROKEN
    assert engine_place().engine() is None
    shutil.rmtree(wheels)
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert only_environment() == made
    assert status() is State.READY


def test_an_engine_with_missing_files_is_broken_and_made_anew() -> None:
    bpy.ops.mynah.set_up_engine()
    made = only_environment()
    shutil.rmtree(environments.site_packages(made.path) / "mynah_daemon")
    assert status() is State.BROKEN
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert status() is State.READY
    assert not made.path.exists()


def test_an_engine_of_another_version_asks_for_an_update() -> None:
    bpy.ops.mynah.set_up_engine()
    old = only_environment()
    environments.write_stamp(
        old.path, environments.Stamp("0.0.1", "3", "CPU", False, "", "2020", 1)
    )
    found = look("", engine_place())
    assert found.state is State.OUTDATED
    assert found.text == f"The engine is version 0.0.1, and version {__version__} is needed"
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    assert status() is State.READY
    assert not old.path.exists()


def test_a_blender_with_another_python_keeps_its_own_engine() -> None:
    other = engine_folder() / "py3.99-0.0.1-1"
    other.mkdir(parents=True)
    environments.write_stamp(
        other, environments.Stamp("0.0.1", "3.99", "CPU", False, "", "2999", 1)
    )
    assert status() is State.MISSING
    bpy.ops.mynah.set_up_engine()
    assert only_environment().path != other
    bpy.ops.mynah.remove_engine()
    assert left() == ONLY_FILES | {other.name}


def test_the_order_in_which_an_engine_is_chosen(
    preferences: bpy.types.AddonPreferences, monkeypatch: pytest.MonkeyPatch, mynah_home: Path
) -> None:
    """Each names an engine that can't start, which the sentence tells."""

    def tried() -> str:
        with pytest.raises(MynahError) as caught:
            chosen_connection()()
        return str(caught.value)

    registered = mynah_home / "engine.json"
    registered.write_text('{"python": "/registered/python"}')
    assert "/registered/python" in tried()
    bpy.ops.mynah.set_up_engine()
    assert "ended at its start" in tried() or "not ready" in tried()
    log = (mynah_home / "daemon.log").read_text()
    assert log.startswith(f"daemon of {only_environment().path}")
    monkeypatch.setenv("MYNAH_ENGINE", "/studio/python")
    assert "/studio/python" in tried()
    preferences.engine = "/my/own/python"
    assert "/my/own/python" in tried()
    assert look("/my/own/python", engine_place()).state is State.MISNAMED


def test_a_blender_without_a_python_program_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "find_python", lambda: None)
    with pytest.raises(RuntimeError, match=r"no Python program.*own engine"):
        bpy.ops.mynah.set_up_engine()


def test_a_missing_dependency_names_the_package(wheels: Path) -> None:
    write_wheel(wheels, "mynah_daemon", "1.1", "mynah-shared", "made-up-codec>=2")
    next(wheels.glob("mynah_daemon-1.0*")).unlink()
    with pytest.raises(RuntimeError, match="'made-up-codec'"):
        bpy.ops.mynah.set_up_engine()
