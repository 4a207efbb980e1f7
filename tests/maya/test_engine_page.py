"""The page Engine on a real Qt without a screen: the real installer, real sockets and keys; only
the engine is tiny."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared._version import __version__
from mynah_shared.client.examination import EngineState
from mynah_shared.client.key_text import text_to_key
from mynah_shared.client.remote import chosen_remote, own_key_text
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.engines import ONLY_FILES, computer, left, only_environment, pip_wheel
from tests.maya.faces import PLUGIN, make_face, until
from tests.maya.test_engine_command import remote
from tests.shared.tiny_engine import SICK, write_engine

__all__ = ["computer", "pip_wheel", "remote"]
pytestmark = pytest.mark.timeout(120)


class Found:
    """A look at the engine that is done at once."""

    state = EngineState()


@pytest.fixture
def window(app: Any, computer: Path) -> Iterator[Any]:
    from maya import cmds

    from mynah_maya.session import Session
    from mynah_maya.ui.window import MynahWindow

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    made = MynahWindow(Session())
    made.show()
    yield made
    made.close()
    made.session.close()
    made.deleteLater()
    app.processEvents()


@pytest.fixture
def page(window: Any) -> Any:
    window.open_page("engine")
    return window.engine


def wait(app: Any, is_done: Callable[[], bool]) -> None:
    until(is_done, app.processEvents, timeout_s=60)


def ended(app: Any, page: Any) -> str:
    """How the set-up under way ends."""
    from mynah_maya.setup.job import set_up

    wait(app, lambda: not set_up.is_busy)
    page.refresh()
    return page.step.text()


def test_the_way_from_no_engine_to_one(window: Any, app: Any) -> None:
    wait(app, lambda: not window.banner.isHidden())
    assert "not set up yet" in window.banner.words.text()
    assert window.banner.button.text() == "Set Up…"
    window.banner.button.click()
    page = window.engine
    assert window.tabs.currentWidget() is page
    assert page.state.text() == "The engine is not set up yet."
    assert page.set_up_button.text() == "Set Up Engine"
    assert page.remove_button.isHidden()
    page.set_up_button.click()
    assert not page.set_up_button.isEnabled()
    assert not page.settings.isEnabled()
    wait(app, lambda: page.bar.value() > 0)
    assert not page.bar.isHidden()
    window.tabs.setCurrentIndex(0)
    wait(app, lambda: window.banner.words.text().startswith("The engine is being set up: "))
    assert ended(app, page).startswith("The engine is ready (")
    assert page.state.text().startswith(f"Engine {__version__} is ready, on the ")
    assert str(only_environment().path) in page.details.text()
    assert page.set_up_button.text() == "Set Up Again"
    assert page.log_button.isEnabled()
    wait(app, lambda: window.banner.isHidden())


def test_nothing_on_the_main_thread_takes_long(page: Any, app: Any) -> None:
    # the processor's time of this thread only: other programs may take turns in between
    from mynah_maya.setup.job import set_up

    page.set_up_button.click()
    longest = 0.0
    while set_up.is_busy:
        began = time.thread_time()
        set_up.pump()
        page.refresh()
        longest = max(longest, time.thread_time() - began)
        time.sleep(0.01)
    assert set_up.ended is not None
    assert set_up.ended.ending == "done", set_up.ended
    assert longest < 0.1


def test_cancel_leaves_nothing_and_the_next_one_works(page: Any, app: Any) -> None:
    from mynah_maya.setup.job import set_up

    page.set_up_button.click()
    wait(app, lambda: page.bar.value() > 10)
    watch = set_up.watch
    page.cancel_button.click()
    assert page.step.text() == "Cancelled; nothing was changed."
    assert page.set_up_button.isEnabled()
    watch.join(60)
    assert left() == ONLY_FILES
    page.set_up_button.click()
    assert ended(app, page).startswith("The engine is ready")


def test_closing_the_window_ends_no_set_up_and_unloading_the_plug_in_does(
    window: Any, app: Any
) -> None:
    from maya import cmds

    from mynah_maya.setup.job import set_up

    window.engine.set_up_button.click()
    window.close()
    app.processEvents()
    assert set_up.is_busy
    watch = set_up.watch
    cmds.unloadPlugin("mynah_plugin")
    assert not set_up.is_busy
    watch.join(60)
    assert left() <= ONLY_FILES


def test_an_engine_that_does_not_work_is_told_and_can_be_tried_again(
    page: Any, app: Any, computer: Path
) -> None:
    pip = next(computer.glob("pip-*"))
    write_engine(computer, pip, main=SICK)
    page.set_up_button.click()
    assert "does not work here (decoding: no sound)" in ended(app, page)
    assert page.set_up_button.text() == "Retry"
    write_engine(computer, pip)
    page.set_up_button.click()
    assert ended(app, page).startswith("The engine is ready")


def test_no_network_is_a_sentence(
    page: Any, app: Any, computer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(computer.glob("onnxruntime-*")).unlink()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    page.set_up_button.click()
    assert "The package index can't be reached" in ended(app, page)


class Refuser(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password."""

    def do_CONNECT(self) -> None:
        self.send_error(407)

    def log_message(self, *_words: object) -> None:
        """Says nothing."""


def test_a_proxy_that_refuses_is_a_sentence(
    page: Any, app: Any, computer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next(computer.glob("onnxruntime-*")).unlink()
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.invalid/simple")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuser) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        page.set_up_button.click()
        assert "proxy refuses" in ended(app, page)
        proxy.shutdown()


def test_removing_and_examining(page: Any, app: Any) -> None:
    page.set_up_button.click()
    ended(app, page)
    page.examine_button.click()
    assert not page.examine_button.isEnabled()
    wait(app, lambda: not page.report.isHidden())
    assert page.report.toPlainText() == "ok    packages: all there"
    page.remove()
    assert ended(app, page) == "The engine was removed."
    assert left() == ONLY_FILES
    page.examine_button.click()
    wait(app, lambda: "not installed" in page.report.toPlainText())


def test_settings_are_saved_and_shown_again(page: Any, app: Any, computer: Path) -> None:
    from mynah_maya.setup.settings import Settings, read_settings
    from mynah_maya.ui.engine_page import EnginePage

    page.device.setCurrentIndex(1)
    page.with_videos.setChecked(True)
    page.own.setText("/my/own/python")
    page.save()
    assert read_settings() == Settings("/my/own/python", "", "cpu", True)
    assert "'/my/own/python', which is no file" in page.state.text()
    other = EnginePage(page._session, Found)
    assert other.own.text() == "/my/own/python"
    assert other.device.currentData() == "cpu"
    assert other.with_videos.isChecked()
    other.deleteLater()
    page.own.setText("python")
    page.save()
    assert "'python' must be a whole path" in page.step.text()
    assert read_settings().engine == "/my/own/python"


def test_a_daemon_elsewhere_by_file_and_by_clipboard_and_back(
    window: Any, page: Any, app: Any, remote: tuple[FakeDaemon, Path]
) -> None:
    daemon, path = remote
    box = page.remote
    assert box.back_button.isHidden()
    box.key_button.click()
    clipboard = app.clipboard()
    text_to_key(clipboard.text())
    assert clipboard.text() == own_key_text()
    box.choose(path)
    wait(app, lambda: "answers" in box.words.text())
    assert box.words.text().endswith("answers; models: 1, styles: 1.")
    assert page.state.text().startswith("Lines are made on localhost:")
    assert not page.set_up_button.isEnabled()
    box.back_button.click()
    assert chosen_remote() is None
    assert page.state.text() == "The engine is not set up yet."
    clipboard.setText(f"\n{path.read_text()}\n")
    box.paste_button.click()
    wait(app, lambda: "answers" in box.words.text())
    assert chosen_remote() is not None
    daemon.close()
    box.test_button.click()
    wait(app, lambda: "Nothing listens at localhost:" in box.words.text())
    clipboard.setText("see the attachment")
    box.paste_button.click()
    assert page.step.text().startswith("What was pasted is no connection file")
    assert chosen_remote() is not None, "what was chosen before is gone"


def test_nothing_is_changed_while_a_line_is_made(
    window: Any, page: Any, app: Any, remote: tuple[FakeDaemon, Path]
) -> None:
    from maya import cmds

    from mynah_maya import engine
    from mynah_shared.errors import BadInputError
    from tests.maya.faces import make_voice

    daemon, path = remote
    daemon.n_steps, daemon.step_s = 1000, 0.05
    page.remote.choose(path)
    cmds.sound(file=make_voice(path.parent / "line.wav"), offset=10, name="line_01")
    cmds.select("face")
    window.generate_button.click()
    page.refresh()
    assert window.session.is_busy
    assert not page.remote.back_button.isEnabled()
    with pytest.raises(BadInputError, match="Lines are being made; wait for them or cancel them"):
        engine.use_this_computer(window.session)
    window.cancel_button.click()
    page.refresh()
    assert page.remote.back_button.isEnabled()


def test_another_engines_styles_are_asked_for(
    window: Any, page: Any, app: Any, remote: tuple[FakeDaemon, Path]
) -> None:
    from mynah_shared.protocol import messages as m

    daemon, path = remote
    daemon.styles.append(m.StyleEntry("angry", ("loud",), "Shouts.", "", "CC0", 4.0, True))
    wait(app, lambda: window.form.styles.library.currentText() == "No engine has answered")
    page.remote.choose(path)
    wait(app, lambda: window.form.styles.library.findData("angry") >= 0)


def test_the_doctor_leads_here(window: Any, app: Any) -> None:
    window.open_page("doctor")
    rows = window.doctor.rows
    wait(app, lambda: any(row.button and row.button.text() == "Engine…" for row in rows_of(window)))
    assert rows is not window.doctor.rows
    next(r.button for r in rows_of(window) if r.button and r.button.text() == "Engine…").click()
    assert window.tabs.currentWidget() is window.engine


def rows_of(window: Any) -> list[Any]:
    return window.doctor.rows
