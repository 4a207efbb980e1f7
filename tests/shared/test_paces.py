"""Which lines take so long that a host shows a draft first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mynah_shared.client.paces import Paces
from mynah_shared.client.steps import Line
from mynah_shared.protocol.messages import Quality, StyleUse
from mynah_shared.testing.clips import make_tone


@pytest.fixture
def line(tmp_path: Path) -> Line:
    """Twenty seconds, with a style."""
    path = tmp_path / "long.wav"
    path.write_bytes(make_tone(duration_s=20.0))
    return Line(path, path.name, 24.0, styles=(StyleUse("tired"),))


def test_a_long_line_gets_a_draft(line: Line) -> None:
    draft = Paces().draft_of(line)
    assert draft == replace(line, quality=Quality.draft)
    assert Paces().draft_of(replace(line, audio=line.audio.read_bytes())) is not None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        {"quality": Quality.draft},
        {"styles": (StyleUse("neutral"),)},  # quick with every model, as far as is known
        {"start_s": 10.0},
        {"end_s": 5.0},
        {"is_transfer": True},
        {"take": b"a range is made anew"},
    ],
)
def test_these_lines_get_none(line: Line, change: dict[str, object]) -> None:
    assert Paces().draft_of(replace(line, **change)) is None  # type: ignore[arg-type]


def test_the_engines_own_pace_counts(line: Line) -> None:
    paces = Paces()
    paces.note(line, {"seconds": {"motion": 1.0, "features": 0.5}, "audio_s": 20.0})
    assert paces.draft_of(line) is None
    paces.note(line, {"seconds": {"motion": 3.0}, "audio_s": 20.0})
    assert paces.draft_of(line) is not None


def test_the_length_of_another_format_is_known_from_the_second_time_on(
    line: Line, tmp_path: Path
) -> None:
    path = tmp_path / "long.flac"
    path.write_bytes(b"fLaC")
    other, paces = replace(line, audio=path), Paces()
    assert paces.draft_of(other) is None
    paces.note(other, {"seconds": {"motion": 3.0}, "audio_s": 20.0})
    assert paces.draft_of(other) is not None


@pytest.mark.parametrize("change", [{"is_transfer": True}, {"take": b"a range is made anew"}])
def test_what_is_no_whole_line_tells_no_pace(line: Line, change: dict[str, object]) -> None:
    """A video that is watched for minutes would have every short line drafted."""
    short, paces = replace(line, end_s=2.0), Paces()
    meta = {"seconds": {"capture": 60.0}, "audio_s": 20.0}
    paces.note(replace(line, **change), meta)  # type: ignore[arg-type]
    assert paces.draft_of(short) is None
    paces.note(line, meta)
    assert paces.draft_of(short) is not None
