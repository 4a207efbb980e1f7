"""`mynah dataset build` on real videos: from films to a corpus that is packed and read as features,
with its report; stopped runs go on; bad input costs nothing."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from mynah_shared.errors import BadInputError, EngineUnavailableError, MynahError
from mynah_training.commands import dataset
from mynah_training.curation.listening import Ear
from mynah_training.curation.outcomes import VideoOutcome, read_outcomes
from mynah_training.curation.transcripts import Speller
from mynah_training.curation.videos import SourceVideo, find_videos
from mynah_training.curation.watching import Watcher
from mynah_training.data import pack as packing
from mynah_training.data.layouts.folder import read_folder
from mynah_training.data.sound_files import read_sound
from mynah_training.data.synthesis import grid_text
from tests.inference_daemon.films import SAMPLES, frames_of
from tests.training.talking_films import with_mask, write_talk

COMMAND = (
    "import sys, argparse; from mynah_training.commands import dataset;"
    "parser = argparse.ArgumentParser(); dataset.add_parser(parser.add_subparsers());"
    "given = parser.parse_args(sys.argv[1:]); sys.exit(given.run(given))"
)


@pytest.fixture(scope="module")
def samples(shared_data: Path) -> Path:
    """The folder of the sample videos."""
    pytest.importorskip("mediapipe", reason="mediapipe is not installed: no faces can be tracked")
    return shared_data / "data" / "video_samples"


@pytest.fixture(scope="module")
def tools(shared_data: Path) -> list[str]:
    """Options with the file that would be fetched."""
    return ["--landmarker", str(shared_data / "models" / "face_landmarker.task")]


def build(videos: Path, corpus: Path, *options: str) -> int:
    """The command in this process."""
    parser = argparse.ArgumentParser()
    dataset.add_parser(parser.add_subparsers())
    given = parser.parse_args(["dataset", "build", str(videos), "-o", str(corpus), *options])
    return int(given.run(given))


def sound_of(path: Path) -> np.ndarray:
    """Three seconds of a sample's sound."""
    return np.pad(read_sound(path), (0, 48000))[:48000]


def files_of(corpus: Path) -> dict[str, bytes]:
    return {
        path.relative_to(corpus).as_posix(): path.read_bytes()
        for path in sorted(corpus.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def videos(samples: Path, speller: Speller, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six good videos of one man with their texts, one of them wrong, and bad ones."""
    root = tmp_path_factory.mktemp("videos")
    (root / "s1").mkdir()
    for name in SAMPLES:
        shutil.copy(samples / f"{name}.mpg", root / "s1")
        text = "Four score and seven years ago." if name == "pwwe3a" else grid_text(name)
        (root / "s1" / f"{name}.txt").write_text(text)
    shown = frames_of(samples / "bwbg8n.mpg")
    heard = sound_of(samples / "bwbg8n.mpg")
    write_talk(
        root / "odd" / "cut.mkv", [*shown[:35], *(np.roll(f, 90, 1) for f in shown[35:])], heard
    )
    write_talk(
        root / "odd" / "crowd.mkv", [np.concatenate([f, _smaller(f)], 1) for f in shown], heard
    )
    write_talk(root / "odd" / "wall.mkv", [np.full_like(f, 90) for f in shown], heard)
    write_talk(root / "odd" / "mute.mkv", shown, None)
    write_talk(root / "odd" / "silent.mkv", shown[:30], np.zeros(19200))
    with np.load(samples / "bwbg8n.npz") as found:
        to_pixels = [360, -288, 360]
        masked = [with_mask(f, p * to_pixels) for f, p in zip(shown, found["lm"], strict=True)]
    write_talk(root / "odd" / "mask.mkv", masked, heard)
    (root / "odd" / "broken.mp4").write_bytes(b"no video at all" * 1000)
    (root / "twin").mkdir()
    shutil.copy(samples / "bbaf3s.mpg", root / "twin" / "again.mpg")
    return root


def _smaller(image: np.ndarray) -> np.ndarray:
    small = np.asarray(Image.fromarray(image).resize((270, 216)))[:, ::-1]
    return np.pad(small, ((72, 0), (0, 0), (0, 0)))


@pytest.fixture(scope="module")
def corpus(videos: Path, tools: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes of them."""
    folder = tmp_path_factory.mktemp("made") / "corpus"
    assert build(videos, folder, *tools) == 0
    return folder


@pytest.fixture(scope="module")
def outcomes(corpus: Path) -> dict[str, VideoOutcome]:
    return {outcome.place: outcome for outcome in read_outcomes(corpus)}


def test_good_videos_are_kept(corpus: Path, outcomes: dict[str, VideoOutcome]) -> None:
    found = {r.recording_id: r for r in read_folder(corpus)}

    assert found.keys() == {f"s1/{name}_001" for name in SAMPLES}
    assert {r.speaker for r in found.values()} == {"s1"}
    assert {r.split for r in found.values()} == {"train", "dev"}
    for name, recording in found.items():
        assert recording.motion is not None
        assert recording.motion.n_frames in (74, 75)
        assert len(recording.read_audio()) == recording.motion.n_frames * 640
        assert (recording.motion.values[:, :52] > 0.02).any(axis=0).sum() > 30
        assert recording.trusted is (name != "s1/pwwe3a_001")
    assert "agrees by 0." in outcomes["s1/pwwe3a.mpg"].notes[0]


def test_bad_ones_are_left_out_with_the_reason(outcomes: dict[str, VideoOutcome]) -> None:
    reasons = {
        "odd/cut.mkv": "the face jumps once",
        "odd/crowd.mkv": "several large faces are in 100% of the frames",
        "odd/wall.mkv": "no face is seen",
        "odd/mask.mkv": "the lips agree by ",
    }
    for place, reason in reasons.items():
        (clip,) = outcomes[place].clips
        assert any(told.startswith(reason) for told in clip.reasons), clip.reasons
    problems = {
        "odd/mute.mkv": "has no sound track",
        "odd/silent.mkv": "no speech is heard in it",
        "odd/broken.mp4": "is not a video that can be read",
        "twin/again.mpg": "It is the same file as 's1/bbaf3s.mpg'.",
    }
    for place, problem in problems.items():
        assert problem in outcomes[place].problem
        assert not outcomes[place].clips


def test_the_lag_of_the_speakers_short_videos_is_told_from_all(
    outcomes: dict[str, VideoOutcome],
) -> None:
    lags = {outcomes[f"s1/{name}.mpg"].lag_s for name in SAMPLES}
    assert len(lags) == 1
    # the corpus' makers found these faces 20 ms before their sound, from 371 closures
    assert lags.pop() == pytest.approx(-0.02, abs=0.02)
    assert "closures in the videos of s1" in outcomes["s1/bbaf3s.mpg"].lag_about


def test_every_clip_has_its_picture(corpus: Path, outcomes: dict[str, VideoOutcome]) -> None:
    page = (corpus / "report.html").read_text("utf-8")
    for outcome in outcomes.values():
        for clip in outcome.clips:
            assert f'src="{clip.picture}"' in page
            with Image.open(corpus / clip.picture) as picture:
                assert picture.size == (768, 320 if outcome.place != "odd/wall.mkv" else 160)


def test_the_corpus_is_packed_and_read_as_features(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")
    from mynah_training.data.features import FeaturePack, write_features

    class Encoder(torch.nn.Module):
        inputs, context_frames = ("mel",), 0

        def forward(self, mel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            n = mel.shape[1] // 2
            return torch.zeros(len(mel), n, 40), torch.zeros(len(mel), n, 12)

    out = str(tmp_path / "pack")
    monkeypatch.setattr(sys, "argv", ["pack", str(corpus), "--layout", "folder", "-o", out])
    packing.main()
    pack = packing.Pack(tmp_path / "pack")
    list(write_features(pack, Encoder(), tmp_path / "features", 1, 0))
    features = FeaturePack(tmp_path / "features")

    people = [e for e in features.entries if e.speaker == "s1"]
    assert len(people) == 6
    assert {e.split for e in people} == {"train", "dev"}
    by_name = {e.utterance_id: e for e in people}
    assert (features.phones_of(by_name["s1/bbaf3s_001"]) >= 0).mean() > 0.98
    assert (features.phones_of(by_name["s1/pwwe3a_001"]) == -1).all()
    assert all(np.ptp(features.motion_of(e)[:, 17].astype(float)) > 0.05 for e in people)


def test_a_finished_corpus_is_not_looked_at_again(
    videos: Path, tools: list[str], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(corpus)
    times = {path: path.stat().st_mtime_ns for path in corpus.rglob("*.flac")}

    def never(*_: object) -> None:
        raise AssertionError("it looked again")

    monkeypatch.setattr(Watcher, "find", never)
    monkeypatch.setattr(Ear, "hear", never)
    assert build(videos, corpus, *tools) == 0

    assert files_of(corpus) == before
    assert {path: path.stat().st_mtime_ns for path in corpus.rglob("*.flac")} == times


def test_changes_in_the_folder_are_followed(
    samples: Path, videos: Path, tools: list[str], corpus: Path, tmp_path: Path
) -> None:
    own, made = tmp_path / "videos", tmp_path / "corpus"
    shutil.copytree(videos / "s1", own / "s1")
    shutil.copytree(corpus, made)
    for name in ("lgwm8p", "pbii2p"):  # more closures, to tell the lag from
        path = samples / f"{name}.mpg"
        write_talk(own / "s1" / f"new-{name}.mkv", frames_of(path), sound_of(path))
    (own / "s1" / "bbaf3s.mpg").unlink()
    (own / "s1" / "bwbg8n.mpg").write_bytes((videos / "odd" / "wall.mkv").read_bytes())
    (own / "s1" / "pwwe3a.txt").write_text(grid_text("pwwe3a"))
    assert build(own, made, *tools) == 0

    found = {outcome.place: outcome for outcome in read_outcomes(made)}
    clips = {r.recording_id: r for r in read_folder(made)}
    assert found["s1/bbaf3s.mpg"].is_gone
    assert "no longer in the folder" in (made / "report.html").read_text("utf-8")
    assert "s1/bbaf3s_001" in clips  # what was there stays
    assert "s1/bwbg8n_001" not in clips  # but not what a replaced video once was
    assert "s1/new-lgwm8p_001" in clips
    assert clips["s1/pwwe3a_001"].trusted
    assert not found["s1/pwwe3a.mpg"].notes

    for path in (made / "s1").glob("bbaf3s_001*"):
        path.unlink()
    assert build(own, made, *tools) == 0
    assert "s1/bbaf3s.mpg" not in {outcome.place for outcome in read_outcomes(made)}


def test_the_same_video_twice_is_one(
    samples: Path, shared_data: Path, tools: list[str], tmp_path: Path
) -> None:
    for place in ("a/x.mpg", "b/y.mpg"):
        (tmp_path / "v" / place).parent.mkdir(parents=True)
        shutil.copy(samples / "bbaf3s.mpg", tmp_path / "v" / place)
    head = str(shared_data / "data" / "ict_facekit")
    with pytest.raises(BadInputError, match=r"No clip of any of the 2 videos could be kept"):
        build(tmp_path / "v", tmp_path / "corpus", *tools, "--head", head)
    first, second = read_outcomes(tmp_path / "corpus")
    assert first.clips[0].reasons[0].startswith("only 1 closures (b, m, p within speech) in this")
    assert second.problem == "It is the same file as 'a/x.mpg'."


def test_ctrl_c_keeps_what_is_done(
    samples: Path,
    tools: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = tmp_path / "videos" / "s1"
    own.mkdir(parents=True)
    for name in SAMPLES[:2]:
        shutil.copy(samples / f"{name}.mpg", own)
    looked = 0
    find = Watcher.find

    def interrupted(self: Watcher, image: np.ndarray) -> list[np.ndarray]:
        nonlocal looked
        looked += 1
        if looked == 100:
            raise KeyboardInterrupt
        return find(self, image)

    monkeypatch.setattr(Watcher, "find", interrupted)
    assert build(own.parent, tmp_path / "corpus", *tools) == 130
    assert capsys.readouterr().err.endswith("Stopped; run it again and it goes on here.\n")
    with pytest.raises(BadInputError, match="No clip"):  # two short videos tell no lag
        build(own.parent, tmp_path / "corpus", *tools)
    assert looked == 100 + 75  # of the second video only


@pytest.mark.slow
def test_a_killed_run_leaves_nothing_half_written(
    videos: Path, tools: list[str], corpus: Path, tmp_path: Path
) -> None:
    made = tmp_path / "corpus"
    given = ["dataset", "build", str(videos), "-o", str(made), *tools]
    running = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *given],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    deadline = time.monotonic() + 120
    while len(list(made.rglob("001.npz"))) < 2 and running.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()

    for path in made.rglob("*.np[yz]"):
        with np.load(path) as content:
            assert all(content[name] is not None for name in content.files)
    assert json.loads((made / "dataset.json").read_text())["videos"] == []
    assert build(videos, made, *tools) == 0
    assert files_of(made).keys() == files_of(corpus).keys()
    assert (made / "dataset.json").read_bytes() == (corpus / "dataset.json").read_bytes()


@pytest.mark.slow
def test_sound_that_is_late_comes_back_in_step(
    samples: Path, tools: list[str], corpus: Path, tmp_path: Path
) -> None:
    """The same films with their sound 120 ms later: the corpus holds the same sound."""
    for name in SAMPLES:
        late = np.concatenate([np.zeros(1920, np.float32), sound_of(samples / f"{name}.mpg")])
        shown = frames_of(samples / f"{name}.mpg")
        write_talk(tmp_path / "videos" / "s1" / f"{name}.mkv", shown, late[:48000])
    assert build(tmp_path / "videos", tmp_path / "corpus", *tools) == 0

    (lag_s,) = {outcome.lag_s for outcome in read_outcomes(tmp_path / "corpus")}
    in_step = next(o.lag_s for o in read_outcomes(corpus) if o.place == "s1/bbaf3s.mpg")
    assert lag_s == pytest.approx((in_step or 0) - 0.12, abs=0.02)
    for name in SAMPLES:
        ours, theirs = (
            read_sound(c / "s1" / f"{name}_001.flac") for c in (tmp_path / "corpus", corpus)
        )
        n = min(len(ours), len(theirs))
        spectra = np.fft.rfft(ours[:n], 2 * n) * np.conj(np.fft.rfft(theirs[:n], 2 * n))
        shift = (int(np.fft.irfft(spectra).argmax()) + n) % (2 * n) - n
        assert abs(shift) / 16000 < 0.02


def test_sound_that_starts_late_or_is_long_is_on_the_pictures_clock(tmp_path: Path) -> None:
    """A click at 0.75 s of sound that begins a quarter of a second after the picture, and one
    beyond the ten minutes that are decoded at once."""
    path = tmp_path / "long.mkv"
    with av.open(str(path), "w") as media:
        picture = media.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 32
        picture.pix_fmt = "yuv420p"
        sound = media.add_stream("pcm_s16le", rate=8000, layout="mono")
        grey = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 90, np.uint8), format="rgb24")
        for _ in range(5 * 640):
            grey.pts = None
            media.mux(picture.encode(grey))
        media.mux(picture.encode(None))
        values = np.zeros((1, 8000 * 630), np.int16)
        values[0, [4000, 8000 * 620]] = 30000
        block = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
        block.sample_rate, block.pts = 8000, 2000
        media.mux([*sound.encode(block), *sound.encode(None)])
    with Ear() as ear:
        heard = ear.sound(SourceVideo(path, "long.mkv", "x", "long"), 640.0)
    assert len(heard) == 640 * 16000
    loud = np.flatnonzero(np.abs(heard) > 0.3)
    assert loud[0] / 16000 == pytest.approx(0.75, abs=0.002)
    assert loud[-1] / 16000 == pytest.approx(620.25, abs=0.002)


# --- bad input ------------------------------------------------------------------------------------


def refusal(arguments: Sequence[object], error: type[MynahError] = BadInputError) -> str:
    videos, corpus, *options = map(str, arguments)
    with pytest.raises(error) as raised:
        build(Path(videos), Path(corpus), *options)
    told = str(raised.value)
    assert "\n" not in told
    return told


def test_folders_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    videos, other = tmp_path / "videos", tmp_path / "other"
    videos.mkdir()
    assert "holds no videos" in refusal([videos, tmp_path / "corpus"])
    (videos / "a.mp4").write_bytes(b"x")
    other.mkdir()
    (other / "diary.txt").write_text("mine")
    assert "is not empty and holds no corpus" in refusal([videos, other])
    assert "is the folder of the videos" in refusal([videos, videos])
    assert "is a file; give a folder" in refusal([videos, other / "diary.txt"])
    (other / "dataset.json").write_text("{")
    assert "is damaged, or not Mynah's" in refusal([videos, other])
    assert [path.name for path in tmp_path.iterdir()] == ["videos", "other"]
    assert (other / "diary.txt").read_text() == "mine"
    assert len(find_videos(videos)) == 1


def test_tools_that_cannot_be_used_are_refused(
    samples: Path,
    tools: list[str],
    speller: Speller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "v").mkdir()
    shutil.copy(samples / "bbaf3s.mpg", tmp_path / "v")
    (tmp_path / "v" / "bbaf3s.txt").write_text("bin blue")
    places = [tmp_path / "v", tmp_path / "corpus"]
    wrong = samples / "bbaf3s.mpg"
    assert "no language 'xx'" in refusal([*places, *tools, "--language", "xx"])
    assert "not MediaPipe's Face Landmarker" in refusal(
        [*places, "--landmarker", wrong, *tools[2:]]
    )
    assert "not a prepared ICT-FaceKit head" in refusal([*places, *tools, "--head", wrong])
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    told = refusal([*places, *tools], EngineUnavailableError)
    assert "pip install 'mynah_daemon[capture]'" in told
