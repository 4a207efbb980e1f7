"""From a model's name and a configuration to what is trained: the only place that knows them
all."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS

from .acceleration import find_device
from .data.features import FeaturePack
from .data.motion_batches import MotionSampler, motion_statistics
from .data.pack import Pack
from .data.speech_batches import SpeechMix, SpeechSampler
from .data.style_batches import JudgeMix, StyleMix, StyleSampler, style_statistics
from .data.utterances import UtteranceMix
from .losses.face import FaceLoss, FaceWeights
from .metrics.head import load_head
from .models.anitalker import AniTalkerConfig, AniTalkerModel, AniTalkerObjective
from .models.disenttalk import DisentTalkConfig, DisentTalkModel, DisentTalkObjective
from .models.fixtalk import FixTalkConfig, FixTalkModel, FixTalkObjective
from .models.hubert_encoder import HubertEncoderConfig, open_hubert_encoder
from .models.mirrortalk import MirrorTalkConfig, MirrorTalkModel, MirrorTalkObjective
from .models.msmd import MsmdConfig, MsmdModel, MsmdObjective
from .models.mynah import MynahConfig, MynahModel, MynahObjective
from .models.regression import RegressionConfig, RegressionDecoder, RegressionObjective
from .models.speech_encoder import SpeechEncoder, SpeechEncoderConfig, SpeechEncoderObjective
from .models.style_judge import StyleJudgeConfig, StyleJudgeObjective
from .models.styled import DenoisingConfig
from .strips import FilmStrips
from .train import CHECKPOINT, Objective, Sampler, TrainConfig, Trainer, load_checkpoint

ENCODER, HUBERT, REGRESSION, JUDGE = "encoder", "hubert", "regression", "judge"
ENCODERS = (ENCODER, HUBERT)
"""Models that hear for the others: the own one, and a head on a user's HuBERT."""
MYNAH = "mynah"
STYLED = {
    MYNAH: (MynahConfig, MynahModel, MynahObjective),
    "mirrortalk": (MirrorTalkConfig, MirrorTalkModel, MirrorTalkObjective),
    "disenttalk": (DisentTalkConfig, DisentTalkModel, DisentTalkObjective),
    "msmd": (MsmdConfig, MsmdModel, MsmdObjective),
    "anitalker": (AniTalkerConfig, AniTalkerModel, AniTalkerObjective),
    "fixtalk": (FixTalkConfig, FixTalkModel, FixTalkObjective),
}
SERVED = (REGRESSION, *STYLED)
"""Models that the daemon can serve; the encoder listens for them, the judge measures them."""
_CONFIGS = {
    ENCODER: (SpeechEncoderConfig, SpeechMix),
    HUBERT: (HubertEncoderConfig, SpeechMix),
    REGRESSION: (RegressionConfig, UtteranceMix),
    JUDGE: (StyleJudgeConfig, JudgeMix),
    **{name: (config, StyleMix) for name, (config, _, _) in STYLED.items()},
}


@dataclass(frozen=True)
class RunConfig:
    """A configuration file's sections; the defaults of each where it says nothing."""

    model: Any
    mix: Any
    training: TrainConfig = field(default_factory=TrainConfig)
    loss: FaceWeights = field(default_factory=FaceWeights)
    denoising: DenoisingConfig = field(default_factory=DenoisingConfig)


def read_config(name: str, path: Path | None) -> RunConfig:
    """Settings of the model `name` from a JSON file {"model": {…}, "mix": {…}, "training": {…},
    "loss": {…}, "denoising": {…}}.

    Raises `BadInputError` naming the file if it can't be read or has a setting that is unknown.
    """
    model, mix = _CONFIGS[name]
    sections = {
        "model": model,
        "mix": mix,
        "training": TrainConfig,
        "loss": FaceWeights,
        "denoising": DenoisingConfig,
    }
    try:
        data = json.loads(path.read_text()) if path else {}
        if unknown := set(data) - set(sections):
            raise TypeError(f"unknown section {', '.join(sorted(unknown))}")
        return RunConfig(**{k: kind(**_tuples(data.get(k, {}))) for k, kind in sections.items()})
    except (OSError, json.JSONDecodeError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{path} can't be used as a training configuration: {error}."
        ) from error


def build_trainer(
    name: str,
    data: Path,
    head: Path,
    out: Path,
    config: RunConfig,
    device: str = "cpu",
    regression: Path | None = None,
) -> Trainer:
    """A run of the model `name` on `data`: a pack for an encoder, features for the others. `head`
    is the one that lips are measured on and film strips are drawn of; `device` "cpu" or "cuda".
    `regression` is the run whose decoder drafts the face for mynah."""
    place = find_device(device)
    torch.manual_seed(config.training.seed)
    landmarks, seed = load_head(head), config.training.seed
    strips: FilmStrips | None = None
    sampler: Sampler
    objective: Objective
    settings = config.model
    if name in ENCODERS:
        network = SpeechEncoder(settings) if name == ENCODER else open_hubert_encoder(settings)
        settings = network.config
        pack = Pack(data)
        sampler = SpeechSampler(pack, config.mix, seed, network.inputs)
        mean, scale = motion_statistics(sampler.entries, pack)
        face = FaceLoss(landmarks, scale, config.loss)
        objective = SpeechEncoderObjective(network, mean, scale, face)
    elif name == REGRESSION:
        features = FeaturePack(data)
        sampler = MotionSampler(features, config.mix, seed)
        mean, scale = motion_statistics(sampler.entries, features)
        face = FaceLoss(landmarks, scale, config.loss)
        objective = RegressionObjective(config.model, mean, scale, face)
        strips = FilmStrips(features, head)
    else:
        features = FeaturePack(data)
        sampler = StyleSampler(features, config.mix, seed)
        mean, scale = style_statistics(sampler)
        if name == JUDGE:
            objective = StyleJudgeObjective(config.model, mean, scale)
        else:
            face = FaceLoss(landmarks, scale, config.loss)
            objective = STYLED[name][2](
                config.model, mean, scale, face, config.denoising, sampler.n_performers
            )
            strips = FilmStrips(features, head)
            if name == MYNAH and config.model.draft and not (out / CHECKPOINT).is_file():
                assert isinstance(objective.network, MynahModel)
                _take_decoder(objective.network, regression)
    about = {"name": name, "model": asdict(settings)}
    return Trainer(objective, sampler, out, config.training, about, place, strips)


def _take_decoder(network: MynahModel, run: Path | None) -> None:
    """Gives the decoder of a regression run to the network that hears through it."""
    if run is None:
        raise BadInputError(
            "mynah hears through a regression model; give the folder of its run: --regression RUN."
        )
    assert network.drafted is not None
    try:
        network.drafted.decoder.load_state_dict(load_trained(run, REGRESSION).state_dict())
    except RuntimeError as error:
        raise BadInputError(
            f"{run} has other sizes than a regression model by default; train one without "
            "settings for the model."
        ) from error


def load_trained(path: Path, *names: str) -> torch.nn.Module:
    """The averaged (EMA) network of a run, ready to run; `names` are the models it may be."""
    state = load_checkpoint(path)
    name = state["about"]["name"]
    if name not in names:
        raise BadInputError(f"{path} holds the model '{name}', not {' or '.join(names)}.")
    settings = _tuples(state["about"]["model"])
    mean, scale = torch.zeros(len(ARKIT_CHANNELS)), torch.ones(len(ARKIT_CHANNELS))
    network: torch.nn.Module
    if name == ENCODER:
        network = SpeechEncoder(SpeechEncoderConfig(**settings))
    elif name == HUBERT:
        network = open_hubert_encoder(HubertEncoderConfig(**settings))
    elif name == REGRESSION:
        network = RegressionDecoder(RegressionConfig(**settings), mean, scale)
    else:
        config, model, _ = STYLED[name]
        network = model(config(**settings), mean, scale)
    network.load_state_dict(state["ema"])
    return network.eval()


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
