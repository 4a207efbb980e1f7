"""The review page's three.js is what its lock file makes, byte for byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools import review_page
from tools.console import CommandError


@pytest.mark.slow
def test_three_js_is_what_its_lock_file_makes(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("no npm: three.js can't be made anew")
    try:
        review_page.vendor_three(tmp_path)
    except CommandError as error:
        if "npm error network" not in error.output and "npm error code E" not in error.output:
            raise
        pytest.skip("npm can't fetch three.js here")
    for name in (review_page.SCRIPT, review_page.LICENCE):
        assert (tmp_path / name).read_bytes() == (review_page.PAGE / name).read_bytes(), name


def test_the_licence_of_three_js_lies_beside_it() -> None:
    assert (review_page.PAGE / review_page.LICENCE).read_text("utf-8").startswith("The MIT License")
    assert (review_page.PAGE / review_page.SCRIPT).stat().st_size < 1_000_000
