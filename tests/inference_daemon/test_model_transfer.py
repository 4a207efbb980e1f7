"""An actor's performance through a model's motion codes: mixes, strength, windows and refusals."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.config import LIMITS
from mynah_daemon.engine import model_transfer
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.holds import Holds
from mynah_daemon.engine.model_store import ModelStore, open_store
from mynah_daemon.engine.style_plan import StyleKey, StylePlan
from mynah_daemon.engine.transfer import transfer_performance
from mynah_daemon.engine.windows import Window
from mynah_daemon.requests import check_request, job_key
from mynah_shared.errors import BadInputError, EngineUnavailableError, JobFailedError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import (
    Amounts,
    ErrorCode,
    KeyUse,
    StyleUse,
    SynthesizeRequest,
)
from tests.inference_daemon.tiny_diffusion import MEAN
from tests.inference_daemon.tiny_models import write_bundle

CONTEXT = 3
BROW, JAW = ARKIT_CHANNELS.index("browInnerUp"), ARKIT_CHANNELS.index("jawOpen")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("weights"), transfer_context=CONTEXT)


@pytest.fixture(scope="module")
def store(folder: Path) -> ModelStore:
    return open_store(folder)


@pytest.fixture(scope="module")
def engine(store: ModelStore) -> LipSyncEngine:
    return LipSyncEngine(store)


def request(*styles: StyleUse, **changes: object) -> SynthesizeRequest:
    asked = SynthesizeRequest(
        "ab" * 32, "actor.csv", 25.0, model="diffusion", styles=styles, is_transfer=True
    )
    return dataclasses.replace(asked, **changes)  # type: ignore[arg-type]


def acted(n_frames: int = 250, fps: float = 25.0) -> MotionClip:
    rng = np.random.default_rng(0)
    values = 0.4 + 0.05 * rng.standard_normal((n_frames, len(ARKIT_CHANNELS)))
    values[:, ARKIT_CHANNELS.index("mouthClose")] = values[:, JAW]  # at most the jaw's, as ever
    return MotionClip(fps, ARKIT_CHANNELS, values.astype(np.float32))


def resting(value: float, channels: tuple[str, ...] = ARKIT_CHANNELS) -> MotionClip:
    return MotionClip(25.0, channels, np.full((100, len(channels)), value, np.float32))


def beyond_its_mean(values: np.ndarray) -> np.ndarray:
    """What the tiny graph keeps of a performance."""
    near = [values[max(i - CONTEXT, 0) : i + CONTEXT + 1].mean(axis=0) for i in range(len(values))]
    return values - np.array(near)


def test_the_actors_course_rests_where_the_character_does(engine: LipSyncEngine) -> None:
    actor = acted()
    given = engine.transfer(request(StyleUse("x")), actor, (resting(0.6),))
    np.testing.assert_allclose(given.values, 0.6 + beyond_its_mean(actor.values), atol=1e-5)


def test_windows_do_not_show(engine: LipSyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, asked = acted(901), request(StyleUse("x"))
    windowed = engine.transfer(asked, actor, (resting(0.6),)).values
    np.testing.assert_allclose(windowed, 0.6 + beyond_its_mean(actor.values), atol=1e-5)

    def alone(n_frames: int, context: int, multiple: int) -> list[Window]:
        del context, multiple
        return [Window(i, i + 53, i, i + 53) for i in range(0, n_frames, 53)]

    monkeypatch.setattr(model_transfer, "plan_windows", alone)
    seams = engine.transfer(asked, actor, (resting(0.6),)).values
    assert np.abs(seams - windowed).max() > 1e-3  # so the comparison above can fail


def test_neutral_is_the_models_mean_character(engine: LipSyncEngine) -> None:
    actor = acted()
    for styles in ((), (StyleUse("neutral"),)):
        given = engine.transfer(request(*styles), actor)
        np.testing.assert_allclose(given.values, MEAN[0] + beyond_its_mean(actor.values), atol=1e-5)


def test_styles_are_mixed_by_weight_region_and_time(engine: LipSyncEngine) -> None:
    actor = acted()
    styles = (
        StyleUse("a", 0.25), StyleUse("b", 0.75), StyleUse("c", region="brows", start_s=5.0),
    )  # fmt: skip
    clips = (resting(0.4), resting(0.8), resting(0.5))
    rests = engine.transfer(request(*styles, style_fade_s=0.4), actor, clips).values
    rests = rests - beyond_its_mean(actor.values)
    np.testing.assert_allclose(rests[:, JAW], 0.7, atol=1e-5)
    np.testing.assert_allclose(rests[:119, BROW], 0.7, atol=1e-5)
    np.testing.assert_allclose(rests[131:, BROW], 0.5, atol=1e-5)
    assert (np.diff(rests[119:131, BROW]) < 1e-6).all()


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, 1.5])
def test_strength_leads_from_the_actor_to_the_character_and_beyond(
    engine: LipSyncEngine, strength: float
) -> None:
    actor = acted()
    asked = request(StyleUse("x"), style_strength=strength)
    given = engine.transfer(asked, actor, (resting(0.5),)).values
    full = 0.5 + beyond_its_mean(actor.values)
    wanted = actor.values + strength * (full - actor.values)
    np.testing.assert_allclose(given, wanted.clip(0, 1), atol=1e-5)


def test_what_model_or_style_do_not_know_stays_the_actors(tmp_path: Path) -> None:
    path = write_bundle(tmp_path, transfer_context=CONTEXT) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["models"][1]["scale"][JAW] = 0.0
    path.write_text(json.dumps(manifest))
    actor, asked = acted(), request(StyleUse("x"))
    shown = resting(0.6, ("jawOpen", "browInnerUp"))
    given = LipSyncEngine(open_store(tmp_path)).transfer(asked, actor, (shown,)).values
    others = [i for i in range(len(ARKIT_CHANNELS)) if i != BROW]
    np.testing.assert_allclose(given[:, others], actor.values[:, others], atol=1e-6)
    assert given[:, BROW].mean() == pytest.approx(0.6, abs=1e-3)


def test_other_rates_amounts_and_keys_are_those_of_every_line(engine: LipSyncEngine) -> None:
    actor = acted(300, fps=60.0)
    keys = (KeyUse("browInnerUp", 2.0, 0.9),)
    asked = request(StyleUse("x"), fps=24.0, amounts=Amounts(lips=0.5))
    given = engine.transfer(asked, actor, (resting(0.6),), Holds(keys=keys))
    assert (given.fps, given.n_frames) == (24.0, 120)
    assert given.column("jawOpen").mean() == pytest.approx(0.3, abs=0.01)
    assert given.column("browInnerUp")[48] == pytest.approx(0.9, abs=1e-5)
    (one,) = engine.transfer(asked, acted(1), (resting(0.6),)).values
    assert one[BROW] == pytest.approx(0.6, abs=1e-5)


def test_nothing_quicker_than_the_models_rate_is_lost(engine: LipSyncEngine) -> None:
    """At strength 0 the actor's own frames come back, whatever their rate."""
    actor = acted(300, fps=60.0)
    asked = request(StyleUse("x"), fps=60.0, style_strength=0.0)
    given = engine.transfer(asked, actor, (resting(0.6),))
    np.testing.assert_allclose(given.values, actor.values, atol=1e-6)


def test_without_a_model_each_channel_takes_rest_and_reach(engine: LipSyncEngine) -> None:
    actor, shown = acted(), resting(0.6)
    use = StyleUse("x", region="brows")
    plain = engine.transfer(request(use, model=""), actor, (shown,))
    wanted = transfer_performance(actor, StylePlan((StyleKey(use, shown),)))
    np.testing.assert_allclose(plain.values[:, BROW], wanted.values[:, BROW], atol=1e-6)
    assert np.abs(plain.values - engine.transfer(request(use), actor, (shown,)).values).max() > 0.01


# --- the request --------------------------------------------------------------------------------


def test_a_transfer_names_a_model_or_none(store: ModelStore) -> None:
    assert check_request(request(StyleUse("x"), model=""), store, LIMITS).model == ""
    assert check_request(request(StyleUse("x")), store, LIMITS).model == "diffusion"


def test_models_that_no_clip_can_drive_are_refused_with_those_that_one_can(
    store: ModelStore, engine: LipSyncEngine, tmp_path: Path
) -> None:
    sentence = "'regression' can't give a performance to another character; leave --model out"
    asked = request(model="regression")
    with pytest.raises(JobFailedError, match=f"{sentence} or choose diffusion") as refusal:
        check_request(asked, store, LIMITS)
    assert refusal.value.code is ErrorCode.bad_value
    with pytest.raises(BadInputError, match=f"{sentence} or choose diffusion"):
        engine.transfer(asked, acted())
    plain = open_store(write_bundle(tmp_path))
    with pytest.raises(JobFailedError, match=r"'diffusion' can't .* leave --model out\.$"):
        check_request(request(), plain, LIMITS)
    with pytest.raises(JobFailedError, match="no model 'fixtalk'; available: regression, diff"):
        check_request(request(model="fixtalk"), store, LIMITS)


def test_a_models_weights_count_only_in_transfers_that_use_it(
    store: ModelStore, tmp_path: Path
) -> None:
    other = open_store(write_bundle(tmp_path, layers=2, transfer_context=CONTEXT))

    def key(model: str, used: ModelStore) -> str:
        return job_key(check_request(request(StyleUse("x"), model=model), used, LIMITS), used)

    assert key("", store) == key("", other)
    assert key("diffusion", store) != key("diffusion", other)
    assert key("", store) != key("diffusion", store)
    assert store.performer(request(model="")) is None
    found = store.performer(request())
    assert found is not None
    assert found.name == "diffusion"


# --- the manifest -------------------------------------------------------------------------------


def test_the_checksum_covers_the_graph_if_there_is_one(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    entries = [open_store(folder).entries[1]]
    for change in ({"transfer_sha256": "0" * 64}, None):
        if change:
            manifest["models"][1] |= change
        else:
            for name in [n for n in manifest["models"][1] if n.startswith("transfer_")]:
                del manifest["models"][1][name]
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        entries.append(open_store(tmp_path).entries[1])
    assert len({entry.sha256 for entry in entries}) == 3
    assert [len(entry.files) for entry in entries] == [3, 3, 2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"transfer_file": "../x.onnx"}, "is not a file name"),
        ({"transfer_context_frames": -1}, "context"),
    ],
)
def test_a_manifest_with_a_mistake_is_refused(
    tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    path = write_bundle(tmp_path, transfer_context=CONTEXT) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["models"][1] |= change
    path.write_text(json.dumps(manifest))
    with pytest.raises(EngineUnavailableError, match=reason):
        open_store(tmp_path)


def test_an_altered_graph_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path, transfer_context=CONTEXT) / "diffusion_transfer.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    engine = LipSyncEngine(open_store(tmp_path))
    with pytest.raises(EngineUnavailableError, match=r"'diffusion_transfer\.onnx' doesn't match"):
        engine.transfer(request(), acted())
    assert engine.transfer(request(model=""), acted()).n_frames == 250
