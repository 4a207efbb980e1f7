"""Pages in a real Chromium and Firefox without a screen, as a person opens them: from disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FIREFOX = ("firefox-esr", "firefox")
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
QUIET = ("--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required")
FIREFOX_PREFERENCES = {"webgl.force-enabled": True, "media.autoplay.default": 0}
DEADLINE_MS = 30_000


@pytest.fixture(scope="session", params=["chromium", "firefox"])
def browser(request: pytest.FixtureRequest) -> Iterator[Any]:
    """One browser for all tests."""
    reason = "Playwright is not installed: pages can't be tried in a browser"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    with api.sync_playwright() as playwright:
        start = _firefox if request.param == "firefox" else _chromium
        with start(playwright) as running:
            yield running
            running.close()


@contextmanager
def _chromium(playwright: Any) -> Generator[Any]:
    program = _find("Chromium", "MYNAH_CHROMIUM", CHROMIUM)
    yield playwright.chromium.launch(
        executable_path=program, args=[*SOFTWARE_GL, *QUIET], timeout=60_000
    )


@contextmanager
def _firefox(playwright: Any) -> Generator[Any]:
    """It is driven by WebDriver BiDi, and has no WebGL without a screen: it gets one in memory."""
    program = _find("Firefox", "MYNAH_FIREFOX", FIREFOX)
    with _screen() as environment, tempfile.TemporaryDirectory() as downloads:
        running = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=program,
            headless=False,
            env=environment,
            firefox_user_prefs=FIREFOX_PREFERENCES,
            downloads_path=downloads,
            timeout=60_000,
        )
        try:
            running.new_context().close()
        except Exception as err:  # Playwright exports one type for all that goes wrong
            running.close()
            said = str(err).splitlines()[0]
            pytest.skip(f"this Playwright can't drive Firefox {running.version}: {said}")
        running.downloads = Path(downloads)  # Playwright hears nothing of them in Firefox
        yield running


@contextmanager
def _screen() -> Generator[dict[str, str]]:
    """An environment with a screen in memory."""
    if shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb on the path: Firefox has no WebGL without a screen")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as process:
        os.close(write)
        with os.fdopen(read) as told:
            display = told.readline().strip()
        try:
            yield {**os.environ, "DISPLAY": f":{display}"}
        finally:
            process.terminate()


def _find(name: str, variable: str, programs: Sequence[str]) -> str:
    program = os.environ.get(variable) or next(filter(None, map(shutil.which, programs)), None)
    if program is None:
        pytest.skip(f"no {name} on the path: install it, or name it in {variable}")
    return program


@pytest.fixture
def save(browser: Any, tmp_path: Path) -> Callable[[Any, str], Path]:
    """The file that a button of a page gives: `save(page, selector)`."""

    def save_by(page: Any, selector: str) -> Path:
        folder: Path | None = getattr(browser, "downloads", None)
        if folder is None:
            with page.expect_download() as download:
                page.locator(selector).click()
            path = tmp_path / download.value.suggested_filename
            download.value.save_as(path)
            return path
        page.locator(selector).click()
        deadline = time.monotonic() + DEADLINE_MS / 1000
        while not (there := [path for path in folder.iterdir() if path.stat().st_size]):
            assert time.monotonic() < deadline, "nothing was saved"
            page.wait_for_timeout(30)
        (path,) = there
        return path.rename(tmp_path / path.name)

    return save_by


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages as `visit(path, hash, **context)` and in the end asks that nothing went wrong in
    them: no error, no warning, no file that could not be loaded, and nothing asked of a network."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def watch(page: Any) -> None:
        page.on("console", lambda said: troubles.append(said.text) if _is_trouble(said) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)) if _is_own(error) else None)
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.on("request", lambda request: _check_local(request.url, troubles))

    def open_page(path: Path, hash_: str = "", **options: Any) -> Any:
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        context = browser.new_context(**options)
        context.set_default_timeout(DEADLINE_MS)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        page.goto(path.as_uri() + hash_)
        return page

    open_page.troubles = troubles  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


def _is_trouble(said: Any) -> bool:
    # software GL is slow to read back, and says so where a test takes a picture
    return said.type in ("error", "warning") and "GPU stall" not in said.text


def _is_own(error: Any) -> bool:
    # in Firefox, Playwright hides the caret for its pictures by a style that the page forbids
    return "blocked an inline style" not in str(error)


def _check_local(address: str, troubles: list[str]) -> None:
    if not address.startswith(("file:", "blob:", "data:")):
        troubles.append(f"asked of a network: {address}")
