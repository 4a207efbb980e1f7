"""Packages that the module lends to a Maya that lacks them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from mynah_maya.lending import _tag

    for folder in ("mynah_shared", f"{_tag()}/zmq", f"numpy-{_tag()}/numpy"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_what_python_finds_is_left_alone(vendor: Path) -> None:
    from mynah_maya.lending import lend_packages

    before = list(sys.path)
    lend_packages(vendor)
    assert sys.path == before


def test_what_is_missing_comes_last_on_the_path(
    vendor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mynah_maya.lending import _tag, lend_packages

    before = list(sys.path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    lend_packages(vendor)
    added = [str(vendor), str(vendor / _tag()), str(vendor / f"numpy-{_tag()}")]
    assert sys.path == before + added


def test_a_checkout_has_nothing_to_lend(
    vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mynah_maya.lending import lend_packages

    before = list(sys.path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    lend_packages(tmp_path / "none")
    assert sys.path == before


@pytest.mark.parametrize(
    ("system", "machine", "tag"),
    [
        ("win32", "AMD64", "windows-x64"),
        ("linux", "x86_64", "linux-x64"),
        ("darwin", "arm64", "macos-arm64"),
        ("darwin", "x86_64", "macos-x64"),
    ],
)
def test_the_folder_is_the_platforms(
    system: str, machine: str, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import platform

    pytest.importorskip(
        "tomllib", reason="Python 3.10 has no tomllib: zips can't be packed with it"
    )
    from mynah_maya import lending
    from tools.packages import PLATFORMS

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert lending._tag().partition("-")[2] == tag
    assert tag in PLATFORMS
