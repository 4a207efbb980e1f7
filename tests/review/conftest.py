"""Pages in a real Chromium without a screen, as a person opens them: from disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
QUIET = ("--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required")
DEADLINE_MS = 30_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests."""
    reason = "Playwright is not installed: pages can't be tried in a browser"
    api = pytest.importorskip("playwright.sync_api", reason=reason)
    program = os.environ.get("MYNAH_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium on the path: install it, or name it in MYNAH_CHROMIUM")
    with api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program, args=[*SOFTWARE_GL, *QUIET], timeout=60_000
        )
        yield running
        running.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages as `visit(path, hash, **context)` and in the end asks that nothing went wrong in
    them: no error, no warning, no file that could not be loaded, and nothing asked of a network."""
    contexts: list[Any] = []
    troubles: list[str] = []

    def watch(page: Any) -> None:
        page.on("console", lambda said: troubles.append(said.text) if _is_trouble(said) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
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


def _check_local(address: str, troubles: list[str]) -> None:
    if not address.startswith(("file:", "blob:", "data:")):
        troubles.append(f"asked of a network: {address}")
