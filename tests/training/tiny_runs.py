"""Runs of tiny untrained models, and stand-ins for the judge and a contestant."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from mynah_training.builders import ENCODER, RunConfig, build_trainer, load_trained
from mynah_training.data.features import write_features
from mynah_training.data.pack import Pack
from mynah_training.data.speech_batches import SpeechMix
from mynah_training.evaluation.contestants import MeanPose
from mynah_training.models.anitalker import AniTalkerConfig, AniTalkerModel
from mynah_training.models.speech_encoder import SpeechEncoderConfig
from mynah_training.models.style_judge import StyleJudge, StyleJudgeConfig
from tests.training.style_batches import MEAN, SCALE

JUDGE = StyleJudgeConfig(width=16, heads=2, layers=1, style_width=8)
STILL = MeanPose(np.zeros(55, np.float32))


class ByPose:
    """A judge who knows people by their mean face."""

    def code(self, motion: np.ndarray, known: np.ndarray) -> np.ndarray:
        return (motion * known).mean(axis=0) - 0.1


def write_encoder_run(pack: Pack, head_file: Path, folder: Path) -> Path:
    """The run of a tiny encoder on the pack in `folder`/pack, whose features by it go to
    `folder`/features."""
    tiny = RunConfig(SpeechEncoderConfig(width=16, dilations=(1, 2)), SpeechMix())
    run = folder / "encoder"
    build_trainer(ENCODER, folder / "pack", head_file, run, tiny).save()
    list(write_features(pack, load_trained(run, ENCODER), folder / "features", 1, 0))
    return run


def write_judge_run(path: Path) -> Path:
    """The run of a tiny judge."""
    model = StyleJudge(JUDGE, MEAN, SCALE)
    return _write_run(path, {"name": "judge", "model": asdict(JUDGE)}, model)


def write_motion_code_run(path: Path) -> Path:
    """The run of a model that has motion codes: AniTalker."""
    config = AniTalkerConfig()
    model = AniTalkerModel(config, MEAN, SCALE)
    return _write_run(path, {"name": "anitalker", "model": asdict(config)}, model)


def _write_run(path: Path, about: dict[str, object], model: torch.nn.Module) -> Path:
    path.mkdir()
    torch.save({"about": about, "ema": model.state_dict()}, path / "checkpoint.pt")
    return path
