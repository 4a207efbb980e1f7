"""`mynah` as a person runs it: files in, files out, one sentence for every mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mynah_daemon.clip_files import read_clip
from mynah_daemon.flame.mapping import FlameMap, map_to_bytes
from mynah_daemon.flame.stored import MAP_NAME
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from tests.integration.conftest import run_mynah, syllables, wait_for, write_speech


@pytest.fixture(scope="module")
def common_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One daemon for all tests of this file that do it no harm."""
    home = tmp_path_factory.mktemp("common")
    yield home
    environment = {**os.environ, "MYNAH_HOME": str(home)}
    command = [sys.executable, "-m", "mynah_daemon", "stop"]
    subprocess.run(command, env=environment, timeout=30, check=True)


@pytest.fixture
def common_daemon(common_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYNAH_HOME", str(common_home))


@pytest.fixture(scope="module", autouse=True)
def packages_for_teardown(repository: Path) -> Iterator[None]:
    """The module's last `mynah stop` runs after the tests' own environment is gone."""
    folders = [str(repository / "shared"), str(repository / "inference_daemon")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(folders), prepend=os.pathsep)
        yield


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    return write_speech(tmp_path / "line.wav", 2.5)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


# --- generate -----------------------------------------------------------------------------------


def test_generate_starts_a_daemon_and_writes_a_csv(audio: Path, out: Path) -> None:
    assert read_connection_file() is None
    result = run_mynah("generate", audio, "-o", out / "line.csv")
    assert result.returncode == 0, result.stderr
    assert read_connection_file() is not None
    clip = read_clip(out / "line.csv")
    assert (clip.n_frames, clip.fps) == (75, 30.0)
    assert clip.column("jawOpen").max() > 0
    assert "75 frames at 30 fps" in result.stdout
    assert [path.name for path in out.iterdir()] == ["line.csv"]
    stopped = run_mynah("stop")
    assert stopped.returncode == 0
    assert "has ended" in stopped.stdout
    assert read_connection_file() is None
    assert run_mynah("status").returncode == 1


@pytest.mark.parametrize("suffix", ["csv", "npz", "json"])
def test_the_three_formats_hold_the_same_motion(
    common_daemon: None, audio: Path, out: Path, suffix: str
) -> None:
    arguments = ("--fps", "24000/1001", "--seed", 5)
    assert run_mynah("generate", audio, "-o", out / f"a.{suffix}", *arguments).returncode == 0
    assert run_mynah("generate", audio, "-o", out / "b.npz", *arguments).returncode == 0
    first, second = read_clip(out / f"a.{suffix}"), read_clip(out / "b.npz")
    np.testing.assert_allclose(first.values, second.values, atol=1e-6)
    assert first.fps == pytest.approx(24000 / 1001)
    assert first.n_frames == 60
    with np.load(out / "b.npz") as content:
        meta = json.loads(str(content["meta"]))
    assert meta["seed"] == 5
    assert meta["model"] == "regression"


def test_flags_reach_the_engine(common_daemon: None, audio: Path, out: Path) -> None:
    parts = ("lips", "brows", "blinks", "gaze", "head")
    still = [argument for part in parts for argument in (f"--{part}", "0")]
    result = run_mynah(
        *("generate", audio, "-o", out / "a.npz", "--model", "loudness", "--quality", "draft"),
        *("--style", "neutral@0.5:lips", "--text", "ah", "--start", 0.5, "--end", 1.5),
        *("--fps", 25, "--audio-guidance", 1, "--style-guidance", 1, *still),
    )
    assert result.returncode == 0, result.stderr
    clip = read_clip(out / "a.npz")
    assert clip.n_frames == 25
    assert not clip.values.any()


def test_flame_comes_through_the_map(
    common_daemon: None, common_home: Path, audio: Path, out: Path
) -> None:
    coefficients = np.zeros((52, 109))
    coefficients[ARKIT_BLENDSHAPES.index("jawOpen"), 100] = 0.4
    coefficients[ARKIT_BLENDSHAPES.index("mouthPucker"), 7] = 2.0
    made = FlameMap(coefficients, np.eye(109), "flame.pkl", "0" * 64)
    (common_home / MAP_NAME).write_bytes(map_to_bytes(made))
    try:
        flame = ("--representation", "flame")
        assert run_mynah("generate", audio, "-o", out / "a.npz", *flame).returncode == 0
        assert run_mynah("generate", audio, "-o", out / "b.npz").returncode == 0
        arkit = read_clip(out / "b.npz")
        with np.load(out / "a.npz") as content:
            arrays = {name: content[name] for name in content.files}
        assert arrays["exp"].shape == (75, 100)
        assert float(arrays["fps"]) == 30.0
        assert json.loads(str(arrays["meta"]))["representation"] == "flame"
        jaw = arrays["jaw_pose"][:, 0]
        np.testing.assert_allclose(jaw, 0.4 * arkit.column("jawOpen"), atol=1e-5)
        assert jaw.max() > 0
        wide = read_clip(out / "a.npz")
        np.testing.assert_allclose(wide.column("jawOpen"), arkit.column("jawOpen"), atol=2e-3)
        # Another map, another result: the finished line is not served again.
        changed = FlameMap(2 * coefficients, np.eye(109), "flame.pkl", "0" * 64)
        (common_home / MAP_NAME).write_bytes(map_to_bytes(changed))
        assert run_mynah("generate", audio, "-o", out / "c.npz", *flame).returncode == 0
        with np.load(out / "c.npz") as content:
            np.testing.assert_allclose(content["jaw_pose"][:, 0], 2 * jaw, atol=1e-5)
    finally:
        (common_home / MAP_NAME).unlink()


def test_silence_gives_a_closed_still_mouth(common_daemon: None, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(32000), 16000)
    for model in ("loudness",):
        target = tmp_path / f"{model}.npz"
        result = run_mynah("generate", tmp_path / "a.wav", "-o", target, "--model", model)
        assert result.returncode == 0, result.stderr
        clip = read_clip(target)
        mouth = [name for name in clip.channels if name.startswith(("jaw", "mouth"))]
        assert not clip.select(mouth).values.any()


def test_an_old_file_survives_a_failure(common_daemon: None, audio: Path, out: Path) -> None:
    target = out / "line.csv"
    target.write_text("kept")
    assert run_mynah("generate", audio, "-o", target, "--model", "gpt").returncode == 2
    assert target.read_text() == "kept"
    assert len(list(out.iterdir())) == 1


# --- bad input ----------------------------------------------------------------------------------


def samples(*values: float) -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, np.array(values, "f4"), 16000, subtype="FLOAT")


def tone(n: int) -> Callable[[Path], None]:
    return lambda path: soundfile.write(path, syllables(n / 16000), 16000)


def not_a_number(path: Path) -> None:
    data = syllables(2)
    data[24000] = np.nan
    soundfile.write(path, data, 16000, subtype="FLOAT")


def truncated(path: Path) -> None:
    tone(32000)(path)
    path.write_bytes(path.read_bytes()[:9000])


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(content), None)[1]


def folder(path: Path) -> None:
    path.mkdir()


def fifo(path: Path) -> None:
    os.mkfifo(path)


BAD_FILES: list[tuple[str, Callable[[Path], None], str]] = [
    ("missing.wav", lambda _: None, "missing.wav' does not exist"),
    ("empty.wav", raw(b""), "empty.wav' is empty"),
    ("none.wav", samples(), "'none.wav' holds no sound samples"),
    ("one.wav", samples(0.5), "'one.wav' has 0.1 ms of sound; a line needs at least 40 ms"),
    ("short.wav", tone(160), "'short.wav' has 10.0 ms of sound"),
    ("nan.wav", not_a_number, "'nan.wav' has a sample that is not a finite number at 1.50 s"),
    ("cut.wav", truncated, "'cut.wav' is cut off: 9000 of 64044 bytes"),
    ("noise.mp3", raw(np.random.default_rng(0).bytes(99_000)), "'noise.mp3' is not a sound or"),
    ("text.flac", raw(b"hello\n" * 99), "'text.flac' is not a sound or video file"),
    ("folder.wav", folder, "folder.wav' is a folder"),
    ("pipe.wav", fifo, "pipe.wav' is a device, not a file"),
]


@pytest.mark.parametrize(("name", "make", "sentence"), BAD_FILES, ids=[b[0] for b in BAD_FILES])
def test_bad_audio_gets_one_sentence_and_leaves_nothing(
    common_daemon: None,
    tmp_path: Path,
    out: Path,
    name: str,
    make: Callable[[Path], None],
    sentence: str,
) -> None:
    make(tmp_path / name)
    result = run_mynah("generate", tmp_path / name, "-o", out / "line.csv")
    assert result.returncode == 2
    last = result.stderr.strip().splitlines()[-1]
    assert sentence in last
    assert last.endswith(".")
    assert "Traceback" not in result.stderr
    assert list(out.iterdir()) == []


def test_an_hour_needs_a_cut(common_daemon: None, tmp_path: Path, out: Path) -> None:
    hour = np.zeros(3600 * 8000, "i2")
    soundfile.write(tmp_path / "hour.wav", hour, 8000)
    result = run_mynah("generate", tmp_path / "hour.wav", "-o", out / "a.csv")
    assert result.returncode == 2
    assert "'hour.wav' lasts 3600 s, but a line may last 600 s at most" in result.stderr
    assert list(out.iterdir()) == []
    cut = ("--start", 3590, "--end", 3592)
    result = run_mynah("generate", tmp_path / "hour.wav", "-o", out / "a.csv", *cut)
    assert result.returncode == 0, result.stderr
    assert read_clip(out / "a.csv").n_frames == 60


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_named(common_daemon: None, audio: Path, out: Path) -> None:
    audio.chmod(0)
    result = run_mynah("generate", audio, "-o", out / "a.csv")
    assert result.returncode == 2
    assert "can't be read (Permission denied)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("-o", "a.xlsx"), "The output 'a.xlsx' has the suffix '.xlsx'; use .csv, .npz or .json."),
        (("-o", "a"), "The output 'a' has the suffix ''; use .csv, .npz or .json."),
        (("-o", "gone/a.csv"), "folder of the output"),
        (
            ("-o", "a.csv", "--style", "no such"),
            "no style and no tag 'no such'; available: neutral",
        ),
        (("-o", "a.csv", "--style", "neutral:ears"), "no style region 'ears'"),
        (("-o", "a.csv", "--style", "neutral@much"), "'much' in 'neutral@much' is no weight"),
        (("-o", "a.csv", "--style", "@"), "no style and no tag '@'"),
        (("-o", "a.csv", "--model", "gpt"), "available: regression, diffusion, loudness"),
        (("-o", "a.npz", "--representation", "flame"), "no map between ARKit and FLAME yet; make"),
        (("-o", "a.csv", "--representation", "flame"), "'a.csv' would be a Live Link Face file"),
        (("-o", "a.csv", "--fps", "0"), "rate (--fps) is 0; it must be between 1 and 240"),
        (("-o", "a.csv", "--fps", "nan"), "'nan' is not a rate like 30 or 24000/1001"),
        (("-o", "a.csv", "--fps", "1/0"), "'1/0' is not a rate"),
        (("-o", "a.csv", "--seed=-3"), "'-3' is not a whole number from 0 up"),
        (("-o", "a.csv", "--seed", "9" * 23), "is not a whole number from 0 up, of at most 18"),
        (("-o", "a.csv", "--lips", "7"), "amount of lips is 7; it must be between 0 and 2"),
        (("-o", "a.csv", "--lips", "inf"), "'inf' is not a number"),
        (("-o", "a.csv", "--start", "2", "--end", "1"), "part from 2 s to 1 s is empty"),
        (("-o", "a.csv", "--start", "9"), "start at 9 s lies behind the end of 'line.wav'"),
        (("-o", "a.csv", "--quality", "ultra"), "invalid choice: 'ultra'"),
        (("--fps", "30"), "the following arguments are required: -o"),
    ],
)
def test_bad_arguments_get_one_sentence(
    common_daemon: None,
    audio: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(out)
    result = run_mynah("generate", audio, *arguments)
    assert result.returncode == 2
    assert sentence in result.stderr.strip().splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert list(out.iterdir()) == []


# --- while it works -----------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_ctrl_c_cancels_the_line_and_leaves_nothing(
    tmp_path: Path, out: Path, slow_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    long = write_speech(tmp_path / "long.flac", 590, rate=8000)
    # A shell starts what runs in its background deaf to Ctrl-C, tests included.
    program = (
        "import signal, sys\n"
        "from mynah_daemon.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, "generate", long, "-o", out / "a.csv"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    info = wait_for(read_connection_file, "the daemon")
    with Client(info, "test", "1") as client:
        wait_for(lambda: client.ping().running, "the line")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 130
        assert errors.strip().endswith("Cancelled; nothing was written.")
        wait_for(lambda: not client.ping().running, "the cancel", 1)
        assert client.status().finished == 0
    assert list(out.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_terminal_sees_a_bar(common_daemon: None, audio: Path, out: Path) -> None:
    import pty

    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "mynah_daemon", "generate", audio, "-o", out / "a.csv"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs)
    assert process.wait(30) == 0
    os.close(theirs)
    text = os.read(mine, 65536).decode()
    os.close(mine)
    assert "\r[" in text
    assert "100% finish" in text


# --- the other commands -------------------------------------------------------------------------


def test_doctor_finds_a_good_installation_good() -> None:
    result = run_mynah("doctor")
    assert result.returncode == 0, result.stdout
    levels = [line.split()[0] for line in result.stdout.splitlines()]
    assert levels == ["ok"] * 12
    assert read_connection_file() is None, "doctor must stop the daemon that it started"


def test_doctor_names_what_is_broken(
    tmp_path: Path, mynah_home: Path, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    for path in tiny_weights.iterdir():
        (weights / path.name).write_bytes(path.read_bytes())
    (weights / "regression.onnx").write_bytes(b"damaged")
    monkeypatch.setenv("MYNAH_WEIGHTS", str(weights))
    result = run_mynah("doctor")
    assert result.returncode == 1
    assert "fail  weights: The weight file 'regression.onnx' doesn't match" in result.stdout
    assert "fail  end to end: The weight file 'regression.onnx' doesn't match" in result.stdout
    assert "→ " in result.stdout
    mynah_home.chmod(0o755)
    result = run_mynah("doctor")
    assert "fail  state folder:" in result.stdout
    assert f"chmod 700 '{mynah_home}'" in result.stdout
    mynah_home.chmod(0o700)


def test_status_and_stop_without_a_daemon() -> None:
    status, stop = run_mynah("status"), run_mynah("stop")
    assert (status.returncode, stop.returncode) == (1, 0)
    assert "No Mynah daemon is running" in status.stdout
    assert "No Mynah daemon is running" in stop.stdout


def test_a_bad_verb_and_the_version() -> None:
    assert "invalid choice: 'sing'" in run_mynah("sing").stderr
    assert run_mynah("--version").stdout.startswith("mynah 0.")


@pytest.mark.slow
def test_bench_prints_a_table(audio: Path) -> None:
    result = run_mynah("bench", "--audio", audio, "--model", "loudness", timeout_s=110)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:6]] == ["5 s", "10 s", "30 s", "120 s"]
    assert len({line.count("|") for line in lines[:6]}) == 1
    assert "cold start" in result.stdout


@pytest.mark.slow
def test_bench_tells_how_clients_get_on(audio: Path) -> None:
    result = run_mynah(
        "bench", "--audio", audio, "--model", "loudness", "--concurrency", 3, timeout_s=110
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:5]] == ["1", "2", "3"]
    for line in lines[2:5]:
        p50, p99, worst = (float(line.split("|")[i].strip(" s")) for i in (3, 6, 7))
        assert 0 < p50 <= p99 <= worst


@pytest.mark.slow
def test_bench_measures_the_devices_that_are_named(audio: Path) -> None:
    named = ("--device", "cpu", "--device", "cpu")
    result = run_mynah(
        *("bench", "--audio", audio, "--model", "loudness", "--concurrency", 2, *named),
        timeout_s=110,
    )
    assert result.returncode == 0, result.stderr
    rows = [line for line in result.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 4
    assert "Model loudness, on cpu, cpu, 30 fps" in result.stdout


def test_bench_refuses_a_senseless_number_of_clients() -> None:
    result = run_mynah("bench", "--concurrency", -1)
    assert result.returncode == 2
    assert "--concurrency is -1; choose 1 to 64 clients." in result.stderr
