"""Users' data sets: tiny ones of every layout are read, packed and drawn; what is wrong with a file
is said in a sentence that names it."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.clip_files import write_clip
from mynah_daemon.flame.mapping import FlameMap, map_to_bytes
from mynah_daemon.flame.stored import MAP_NAME
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_training.data import pack as packing
from mynah_training.data.corpus import Recording
from mynah_training.data.layouts import LAYOUTS
from mynah_training.data.layouts.clips import _every_tenth
from mynah_training.data.layouts.phone_files import read_phones_beside
from tests.training.tiny_layouts import (
    ABOUT,
    FPS,
    MAKERS,
    PHONES,
    SECONDS,
    SHORT_TEXT_GRID,
    TEXT_GRID,
    beat_track,
    make_beat,
    make_folder,
    moving,
    sound,
    track,
)

av = pytest.importorskip("av")


def read(root: Path, layout: str = "folder") -> list[Recording]:
    return list(LAYOUTS[layout](root))


@pytest.mark.parametrize("layout", MAKERS)
def test_every_layout_tells_who_speaks_in_which_mood(tmp_path: Path, layout: str) -> None:
    MAKERS[layout](tmp_path)
    found = read(tmp_path, layout)

    assert {(r.recording_id, r.speaker, r.mood, r.language) for r in found} == ABOUT[layout]
    assert {r.source for r in found} == {"others"}
    assert {r.split for r in found} == {"train", "dev"}


@pytest.mark.parametrize("layout", MAKERS)
def test_sound_of_any_rate_and_format_is_heard_at_16_khz(tmp_path: Path, layout: str) -> None:
    MAKERS[layout](tmp_path)

    for recording in read(tmp_path, layout):
        samples = recording.read_audio()
        assert len(samples) == pytest.approx(SECONDS * 16000, abs=800)
        strongest = np.abs(np.fft.rfft(samples[4000:12000])).argmax() * 2
        assert strongest == pytest.approx(440, abs=4)
        assert np.abs(samples[4000:12000]).max() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize("layout", MAKERS)
def test_a_data_set_is_packed_and_drawn(
    tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="torch is not installed: training can't be tested")
    from mynah_training.data.speech_batches import SpeechMix, SpeechSampler

    MAKERS[layout](tmp_path / "set")
    out = tmp_path / "pack"
    monkeypatch.setattr(
        sys, "argv", ["pack", str(tmp_path / "set"), "--layout", layout, "-o", str(out)]
    )
    packing.main()
    pack = packing.Pack(out)
    jaw = ARKIT_CHANNELS.index("jawOpen")

    assert {e.utterance_id for e in pack.entries} == {name for name, *_ in ABOUT[layout]}
    assert {e.mood for e in pack.entries} == {mood for _, _, mood, _ in ABOUT[layout]}
    assert pack.poses.shape == (1, 55)
    assert not pack.poses.any()
    for entry in pack.entries:
        moved = pack.motion_of(entry)[:, jaw].astype(float)
        assert np.diff(moved).min() >= 0
        assert moved[18] == pytest.approx(18 / 25 / (1 if layout == "beat" else SECONDS), abs=0.03)
    batch = SpeechSampler(pack, SpeechMix(others=3, noise=0), 0).draw()
    assert batch.mel.shape[0] == 3
    assert batch.valid[:, jaw].all()


def test_motion_models_draw_a_users_people_alone(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")
    from mynah_training.data.features import FeaturePack, write_features
    from mynah_training.data.motion_batches import MotionSampler, motion_statistics
    from mynah_training.data.style_batches import StyleMix, StyleSampler
    from mynah_training.data.utterances import UtteranceMix

    class Encoder(torch.nn.Module):
        inputs, context_frames = ("mel",), 0

        def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            n = mel.shape[1] // 2
            return torch.zeros(len(mel), n, 40), torch.zeros(len(mel), n, 12)

    make_beat(tmp_path / "set")
    writer = packing._Writer()
    packing.add_recordings(writer, read(tmp_path / "set", "beat"))
    writer.write(tmp_path / "pack")
    list(write_features(packing.Pack(tmp_path / "pack"), Encoder(), tmp_path / "features", 1, 0))
    features = FeaturePack(tmp_path / "features")

    batch = MotionSampler(features, UtteranceMix(others=4, silence=0), 0).draw()
    styled = StyleSampler(features, StyleMix(items=5, others=4, silence=1, performers=3), 0)
    mean, _ = motion_statistics(features.entries, features)

    assert batch.motion.shape == (4, 80, 55)
    assert batch.valid.sum(1).tolist() == [51] * 4
    assert torch.isfinite(styled.draw().motion).all()
    assert len(styled.draw().motion) == 5
    assert len(styled.people) == 1
    assert mean[ARKIT_CHANNELS.index("jawOpen")] > 0.3


def test_phones_of_every_kind_of_file_are_read(tmp_path: Path) -> None:
    make_folder(tmp_path)
    found = {r.recording_id: r for r in read(tmp_path)}

    assert found["anna/hello_happy"].phones == PHONES
    assert found["anna/hello_happy"].trusted
    assert found["ben/hello_one"].phones == (("M", 0.0, 0.5),)
    assert found["ben/far"].phones == ()
    assert not found["ben/far"].trusted


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_short_text_grid_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "one.TextGrid"
    path.write_text(SHORT_TEXT_GRID, encoding)

    assert read_phones_beside(path) == ((("AA1", 0.0, 1.5),), True)


def test_guessed_phones_are_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "one.phones.csv"
    path.write_text("phone,start_s,end_s,kind\nM,0,0.5,guessed\n")

    assert read_phones_beside(path) == ((("M", 0.0, 0.5),), False)


@pytest.mark.parametrize("content", ["", TEXT_GRID[:400], "words only"])
def test_damaged_phones_are_named(tmp_path: Path, content: str) -> None:
    make_folder(tmp_path)
    (tmp_path / "anna" / "hello_happy.TextGrid").write_text(content)

    with pytest.raises(BadInputError, match=r"hello_happy\.TextGrid is not a file of phones"):
        read(tmp_path)


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
@pytest.mark.parametrize(
    "names",
    [
        ("jaw_open", "mouthSmileL", "mouthSmileR", "BrowInnerUp_L", "BrowInnerUp_R", "HeadYaw"),
        ("JawOpen", "mouthSmile", "browInnerUp_L", "browInnerUp_R", "headYaw"),
        ("JawOpen", "mouth_smile_left", "mouthSmile_R", "browInnerUp", "headYaw"),
    ],
)
def test_any_spelling_is_known_and_missing_channels_are_marked(
    tmp_path: Path, suffix: str, names: tuple[str, ...]
) -> None:
    clip = moving(names)
    clip.values[:, 1:] = 0.4
    sound(tmp_path / "one.wav")
    path = tmp_path / f"one{suffix}"
    if suffix == ".csv":
        rows = [["Timecode", "BlendShapeCount", *names, "LeftEyeYaw"]] + [
            [f"00:00:{i // FPS:02d}:{i % FPS:02d}.000", 61, *row, 0.1]
            for i, row in enumerate(clip.values.tolist())
        ]
        path.write_text("\n".join(",".join(map(str, row)) for row in rows))
    else:
        write_clip(clip, path)
    (recording,) = read(tmp_path)

    assert recording.motion is not None
    known = {name for name, ok in zip(ARKIT_CHANNELS, recording.valid, strict=True) if ok}
    assert known == {"jawOpen", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "headYaw"}
    assert recording.motion.column("jawOpen")[-1] == pytest.approx(1.0)
    for name in ("mouthSmileLeft", "mouthSmileRight", "browInnerUp"):
        np.testing.assert_allclose(recording.motion.column(name), 0.4, atol=1e-6)


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
def test_an_unknown_channel_is_named(tmp_path: Path, suffix: str) -> None:
    sound(tmp_path / "one.wav")
    path = tmp_path / f"one{suffix}"
    if suffix == ".csv":
        path.write_text("Timecode,JawOpen,noseWiggle\n00:00:00:00.0,0,0\n00:00:01:00.0,0,0\n")
    else:
        write_clip(moving(("jawOpen", "noseWiggle")), path)

    with pytest.raises(BadInputError, match=rf"one\{suffix} .* no shapes of ARKit.*noseWiggle"):
        read(tmp_path)


@pytest.mark.parametrize("layout", MAKERS)
def test_an_empty_folder_is_named(tmp_path: Path, layout: str) -> None:
    with pytest.raises(BadInputError, match=f"{tmp_path.name} holds no sound"):
        read(tmp_path, layout)
    with pytest.raises(BadInputError, match="nowhere is not a folder"):
        read(tmp_path / "nowhere", layout)


@pytest.mark.parametrize("layout", [name for name in MAKERS if name != "folder"])
def test_a_folder_of_another_layout_is_named(tmp_path: Path, layout: str) -> None:
    sound(tmp_path / "hello.wav")
    with pytest.raises(BadInputError, match=f"{tmp_path.name} is not laid out like"):
        read(tmp_path, layout)


def test_sound_without_a_track_is_skipped_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_folder(tmp_path)
    sound(tmp_path / "ben" / "alone.wav")
    with caplog.at_level(logging.WARNING):
        found = read(tmp_path)

    assert len(found) == 3
    assert "1 of 4 sound files have no track" in caplog.text
    assert "ben/alone" in caplog.text


@pytest.mark.parametrize("layout", MAKERS)
def test_a_data_set_without_tracks_is_refused(tmp_path: Path, layout: str) -> None:
    MAKERS[layout](tmp_path)
    for suffix in ("csv", "npz", "json"):
        for path in tmp_path.rglob(f"*.{suffix}"):
            path.unlink()
    with pytest.raises(BadInputError, match=r"None of the \d sound files in .* has a track"):
        read(tmp_path, layout)


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
def test_a_track_with_nan_is_named(tmp_path: Path, suffix: str) -> None:
    sound(tmp_path / "one.wav")
    clip = moving(("jawOpen", "mouthClose"))
    clip.values[7, 1] = np.nan
    if suffix == ".csv":
        clip.values[7, 1] = 0.123
        path = track(tmp_path / "one.csv", clip)
        path.write_text(path.read_text().replace("0.12300000", "nan"))
    else:
        track(tmp_path / f"one{suffix}", clip)

    with pytest.raises(
        BadInputError, match=rf"one\{suffix}.*not finite in 'mouthClose' at frame 7"
    ):
        read(tmp_path)


def test_a_beat_track_with_nan_is_named(tmp_path: Path) -> None:
    make_beat(tmp_path)
    beat_track(tmp_path / "1/1_wayne_0_1_1.json", value=float("nan"))

    with pytest.raises(BadInputError, match=r"1_wayne_0_1_1\.json: .* not finite"):
        read(tmp_path, "beat")


def test_other_lengths_are_named(tmp_path: Path) -> None:
    sound(tmp_path / "one.wav", seconds=2.0)
    track(tmp_path / "one.npz")
    (recording,) = read(tmp_path)

    with pytest.raises(BadInputError, match=r"one\.wav lasts 2\.00 s and its motion 1\.50 s"):
        recording.read_audio()


def test_beats_sound_is_used_as_far_as_its_track(tmp_path: Path) -> None:
    make_beat(tmp_path)
    beat_track(tmp_path / "1/1_wayne_0_1_1.json", seconds=1.38)
    found = {r.speaker: r for r in read(tmp_path, "beat")}

    assert len(found["1_wayne"].read_audio()) == pytest.approx(1.38 * 16000, abs=400)

    beat_track(tmp_path / "1/1_wayne_0_1_1.json", seconds=0.7)
    found = {r.speaker: r for r in read(tmp_path, "beat")}
    with pytest.raises(BadInputError, match=r"1_wayne_0_1_1\.wav lasts 1\.50 s"):
        found["1_wayne"].read_audio()


def test_beats_frames_lie_at_their_times(tmp_path: Path) -> None:
    make_beat(tmp_path)
    path = tmp_path / "1/1_wayne_0_1_1.json"
    content = json.loads(path.read_text())
    del content["frames"][20:40]  # the phone lost some frames
    path.write_text(json.dumps(content))
    found = {r.speaker: r for r in read(tmp_path, "beat")}
    motion = found["1_wayne"].motion

    assert motion is not None
    seconds = np.arange(1, motion.n_frames) / 60
    np.testing.assert_allclose(motion.column("jawOpen")[1:], seconds, atol=1e-5)
    assert (
        not found["1_wayne"]
        .valid[[ARKIT_CHANNELS.index(n) for n in ("tongueOut", "headYaw")]]
        .any()
    )


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"names": ["jawOpen"], "frames": []}', '{"names": [], "frames": [1]}']
)
def test_a_damaged_beat_track_is_named(tmp_path: Path, content: str) -> None:
    make_beat(tmp_path)
    (tmp_path / "1/1_wayne_0_1_1.json").write_text(content)

    with pytest.raises(BadInputError, match=r"1_wayne_0_1_1\.json"):
        read(tmp_path, "beat")


@pytest.mark.parametrize("name", ["one.wav", "one.m4a"])
def test_unreadable_sound_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no sound at all" * 100)
    track(tmp_path / "one.npz")
    (recording,) = read(tmp_path)

    with pytest.raises(BadInputError, match=name.replace(".", r"\.")):
        recording.read_audio()


@pytest.mark.parametrize("content", [b"", b"no track"])
@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
def test_an_unreadable_track_is_named(tmp_path: Path, content: bytes, suffix: str) -> None:
    sound(tmp_path / "one.wav")
    (tmp_path / f"one{suffix}").write_bytes(content)

    with pytest.raises(BadInputError, match=rf"one\{suffix}"):
        read(tmp_path)


def test_a_track_of_flame_goes_through_the_map(tmp_path: Path, mynah_home: Path) -> None:
    sound(tmp_path / "one.wav")
    jaw = 0.2 * np.abs(np.sin(np.arange(45)))[:, None] * [1, 0, 0]
    np.savez(tmp_path / "one.npz", exp=np.zeros((45, 50)), jaw_pose=jaw, fps=30)
    with pytest.raises(BadInputError, match=r"one\.npz: There is no map between ARKit and FL"):
        read(tmp_path)

    coefficients = 0.5 * np.eye(52, 109)
    coefficients[ARKIT_CHANNELS.index("tongueOut")] = 0
    coefficients[ARKIT_CHANNELS.index("jawOpen")] = 0.4 * np.eye(109)[100]
    made = FlameMap(coefficients, np.eye(109), "flame.pkl", "0" * 64)
    (mynah_home / MAP_NAME).write_bytes(map_to_bytes(made))
    (recording,) = read(tmp_path)
    assert recording.motion is not None
    np.testing.assert_allclose(recording.motion.column("jawOpen"), jaw[:, 0] / 0.4, atol=2e-3)
    known = dict(zip(ARKIT_CHANNELS, recording.valid, strict=True))
    assert known["mouthPucker"]
    assert not known["tongueOut"]
    assert not known["headPitch"]


def test_about_every_tenth_is_held_out_and_always_the_same() -> None:
    names = {f"clip{i}" for i in range(1000)}
    chosen = _every_tenth(names)

    assert 70 < len(chosen) < 130
    assert _every_tenth(names | {"another"}) - {"another"} == chosen
    assert _every_tenth({"alone"}) == set()
    assert all(len(_every_tenth({f"a{i}", f"b{i}"})) == 1 for i in range(200))


def test_among_ten_people_some_are_held_out_whole(tmp_path: Path) -> None:
    for i in range(10):
        for take in "ab":
            sound(tmp_path / f"person{i}" / f"{take}.wav", seconds=0.2)
            track(tmp_path / f"person{i}" / f"{take}.npz", moving(seconds=0.2))
    splits = {}
    for recording in read(tmp_path):
        splits.setdefault(recording.speaker, set()).add(recording.split)

    assert all(len(found) == 1 for found in splits.values())
    assert set.union(*splits.values()) == {"train", "dev"}
