"""Clip files: what is written comes back, and other programs find what they expect."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.clip_files import EYE_RANGE_RAD, read_clip, write_clip
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

# The header of a take recorded with the app, as public importers quote it.
APP_HEADER = (
    "Timecode,BlendShapeCount,EyeBlinkLeft,EyeLookDownLeft,EyeLookInLeft,EyeLookOutLeft,"
    "EyeLookUpLeft,EyeSquintLeft,EyeWideLeft,EyeBlinkRight,EyeLookDownRight,EyeLookInRight,"
    "EyeLookOutRight,EyeLookUpRight,EyeSquintRight,EyeWideRight,JawForward,JawRight,JawLeft,"
    "JawOpen,MouthClose,MouthFunnel,MouthPucker,MouthRight,MouthLeft,MouthSmileLeft,"
    "MouthSmileRight,MouthFrownLeft,MouthFrownRight,MouthDimpleLeft,MouthDimpleRight,"
    "MouthStretchLeft,MouthStretchRight,MouthRollLower,MouthRollUpper,MouthShrugLower,"
    "MouthShrugUpper,MouthPressLeft,MouthPressRight,MouthLowerDownLeft,MouthLowerDownRight,"
    "MouthUpperUpLeft,MouthUpperUpRight,BrowDownLeft,BrowDownRight,BrowInnerUp,BrowOuterUpLeft,"
    "BrowOuterUpRight,CheekPuff,CheekSquintLeft,CheekSquintRight,NoseSneerLeft,NoseSneerRight,"
    "TongueOut,HeadYaw,HeadPitch,HeadRoll,LeftEyeYaw,LeftEyePitch,LeftEyeRoll,RightEyeYaw,"
    "RightEyePitch,RightEyeRoll"
)


def random_clip(n_frames: int = 90, fps: float = 30.0) -> MotionClip:
    rng = np.random.default_rng(7)
    return MotionClip(fps, ARKIT_CHANNELS, rng.random((n_frames, len(ARKIT_CHANNELS)), np.float32))


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
@pytest.mark.parametrize("fps", [24000 / 1001, 25.0, 30000 / 1001, 60000 / 1001, 12.5])
def test_what_is_written_comes_back(tmp_path: Path, suffix: str, fps: float) -> None:
    clip = random_clip(fps=fps)
    write_clip(clip, tmp_path / f"line{suffix}", '{"seed": 3}')
    back = read_clip(tmp_path / f"line{suffix}")
    assert back.channels == clip.channels
    assert back.fps == pytest.approx(fps, rel=1e-4)
    np.testing.assert_allclose(back.values, clip.values, atol=1e-6)


def test_csv_has_the_columns_and_timecode_of_the_app(tmp_path: Path) -> None:
    write_clip(random_clip(62), tmp_path / "line.csv")
    lines = (tmp_path / "line.csv").read_text().splitlines()
    assert lines[0] == APP_HEADER
    assert len(lines) == 63
    assert {len(line.split(",")) for line in lines} == {63}
    assert [lines[i].split(",")[:2] for i in (1, 30, 31, 62)] == [
        ["00:00:00:00.000", "61"],
        ["00:00:00:29.000", "61"],
        ["00:00:01:00.000", "61"],
        ["00:00:02:01.000", "61"],
    ]


def test_csv_columns_carry_their_own_channel(tmp_path: Path) -> None:
    values = np.arange(len(ARKIT_CHANNELS), dtype=np.float32)[None, :].repeat(2, axis=0) / 100
    write_clip(MotionClip(30.0, ARKIT_CHANNELS, values), tmp_path / "line.csv")
    header, row, _ = (line.split(",") for line in (tmp_path / "line.csv").read_text().splitlines())
    for i, name in enumerate(ARKIT_CHANNELS):
        column = [column.lower() for column in header].index(name.lower())
        assert float(row[column]) == pytest.approx(i / 100)


def test_eye_angles_follow_the_look_shapes(tmp_path: Path) -> None:
    values = np.zeros((1, len(ARKIT_CHANNELS)), np.float32)
    for name in ("eyeLookOutLeft", "eyeLookInRight", "eyeLookDownLeft", "eyeLookDownRight"):
        values[0, ARKIT_CHANNELS.index(name)] = 0.5
    write_clip(MotionClip(30.0, ARKIT_CHANNELS, values), tmp_path / "line.csv")
    header, row = (line.split(",") for line in (tmp_path / "line.csv").read_text().splitlines())
    angles = dict(zip(header, row, strict=True))
    for name in ("LeftEyeYaw", "RightEyeYaw", "LeftEyePitch", "RightEyePitch"):
        assert float(angles[name]) == pytest.approx(EYE_RANGE_RAD / 2, abs=1e-6)
    assert math.degrees(EYE_RANGE_RAD) == pytest.approx(30.0, abs=0.01)


def test_a_take_of_the_app_is_read_by_name(tmp_path: Path) -> None:
    header = APP_HEADER.replace("BlendShapeCount", "BlendshapeCount").split(",")
    rows = [
        [f"10:02:{3 + i // 60:02d}:{i % 60:02d}.250", "61", *["0.0"] * 61] for i in range(40, 161)
    ]
    rows[5][header.index("JawRight")] = "0.75"
    text = "\n".join(",".join(row) for row in [header, *rows])
    (tmp_path / "take.csv").write_text(text)
    clip = read_clip(tmp_path / "take.csv")
    assert clip.fps == 60.0
    assert clip.n_frames == 121
    assert clip.column("jawRight")[5] == 0.75
    assert clip.column("jawLeft").max() == 0


def test_npz_holds_no_pickle_and_its_meta(tmp_path: Path) -> None:
    write_clip(random_clip(), tmp_path / "line.npz", '{"seed": 3}')
    with np.load(tmp_path / "line.npz", allow_pickle=False) as content:
        assert json.loads(str(content["meta"])) == {"seed": 3}
        assert content["values"].dtype == np.float32


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"'line\.xlsx' has the suffix '\.xlsx'; use \.csv"):
        write_clip(random_clip(), tmp_path / "line.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "line.csv"
    write_clip(random_clip(), target)
    before = target.read_bytes()
    with pytest.raises(ValueError, match="Expecting"):
        write_clip(random_clip(3), tmp_path / "line.json", "not JSON")
    blocked = tmp_path / "gone"
    with pytest.raises(BadInputError, match="choose another folder"):
        write_clip(random_clip(), blocked / "line.csv")
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["line.csv"]
    assert stat.S_IMODE(target.stat().st_mode) & 0o600 == 0o600


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"Timecode,BlendShapeCount\n00:00:00:00.000,0\n"),
        ("a.csv", b"Timecode,JawOpen\n00:00:00:00.000,wide\n"),
        ("a.npz", b"PK not really"),
        ("a.npz", b""),
        ("a.json", b'{"fps": 30}'),
        ("a.json", b'{"fps": 30, "channels": ["jawOpen"], "values": [[1, 2], [3]]}'),
        ("a.txt", b"hello"),
    ],
)
def test_a_file_that_is_no_clip_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInputError, match=f"'{name}' is"):
        read_clip(tmp_path / name)
