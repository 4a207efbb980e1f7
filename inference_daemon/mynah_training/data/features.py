"""What the motion models hear, computed once: `python -m mynah_training.data.features PACK
--encoder RUN -o FEATURES`.

A folder of flat arrays: `speech.npy` float16 [V, 2N, P + 12] at 50/s (phone logits and cepstrum,
first as recorded, then in V - 1 changed voices and rooms), `motion.npy` float16 [N, 55] at 25/s,
`phones.npy` int8 [2N], `utterances.json` with each utterance's place in them, and the pack's
`poses.npy`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mynah_daemon.audio.features import MEL_PER_MOTION_FRAME
from mynah_daemon.engine.windows import plan_windows
from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.arkit import ARKIT_CHANNELS

from .hearing import SAMPLES, Hearing, Listener, open_hearing
from .pack import Entry, Pack
from .phones import PHONES

SILENCE = "room"
"""Source of an utterance in which no one speaks and the face rests."""
_SILENCE_FRAMES = 1500
_BATCH_FRAMES, _SOUND_BATCH_FRAMES = 8000, 1000  # an encoder of the sound itself needs more memory


class FeaturePack:
    """A folder of features read back; the arrays stay on disk until they are used."""

    def __init__(self, folder: Path) -> None:
        if not (folder / "speech.npy").is_file():
            raise BadInputError(
                f"{folder} holds no features; run `python -m mynah_training.data.features` first."
            )
        self.entries = [
            Entry(**item) for item in json.loads((folder / "utterances.json").read_text())
        ]
        self.speech = np.load(folder / "speech.npy", mmap_mode="r")
        self.motion = np.load(folder / "motion.npy", mmap_mode="r")
        self.phones = np.load(folder / "phones.npy", mmap_mode="r")
        self.poses = np.load(folder / "poses.npy").astype(np.float32)

    def speech_of(self, entry: Entry, voice: int = 0) -> NDArray[np.float16]:
        """Phone logits and cepstrum [2T, P + 12]."""
        return self.speech[voice, 2 * entry.start : 2 * (entry.start + entry.n_frames)]

    def motion_of(self, entry: Entry) -> NDArray[np.float16]:
        """Coefficients [T, 55]."""
        return self.motion[entry.start : entry.start + entry.n_frames]

    def phones_of(self, entry: Entry) -> NDArray[np.int8]:
        """Phone labels [2T]."""
        return self.phones[2 * entry.start : 2 * (entry.start + entry.n_frames)]


@torch.no_grad()
def write_features(
    pack: Pack, encoder: Listener, out: Path, n_voices: int, seed: int
) -> Iterator[str]:
    """Runs the encoder over every utterance with a face, in every voice; yields progress."""
    entries, places, n_frames = _places([e for e in pack.entries if e.valid])
    motion = [pack.motion_of(e) for e in entries] + [
        np.zeros((_SILENCE_FRAMES, len(ARKIT_CHANNELS)), np.float16)
    ]
    phones = [pack.phones_of(e) for e in entries] + [np.zeros(2 * _SILENCE_FRAMES, np.int8)]
    out.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    hearing = open_hearing(pack, encoder.inputs)
    most = _SOUND_BATCH_FRAMES if SAMPLES in encoder.inputs else _BATCH_FRAMES
    speech: NDArray[np.float16] | None = None
    for voice in range(n_voices):
        for batch in _batches(places, most):
            frames = torch.stack([_frames(hearing, entries, i, generator) for i in batch])
            given = hearing.changed(frames, generator) if voice else hearing.plain(frames)
            heard = _listen(encoder, given).half().numpy()
            if speech is None:
                shape = (n_voices, 2 * n_frames, heard.shape[-1])
                speech = np.lib.format.open_memmap(
                    out / "speech.npy", "w+", dtype=np.float16, shape=shape
                )
            for i, values in zip(batch, heard, strict=True):
                start = 2 * places[i].start
                speech[voice, start : start + len(values)] = values
        yield f"voice {voice + 1} of {n_voices}"
    np.save(out / "motion.npy", np.concatenate(motion))
    np.save(out / "phones.npy", np.concatenate(phones))
    np.save(out / "poses.npy", pack.poses)
    (out / "utterances.json").write_text(json.dumps([asdict(e) for e in places], indent=0))


def _places(entries: list[Entry]) -> tuple[list[Entry], list[Entry], int]:
    """The utterances, the same with their places in the new arrays and the room behind them, and
    the number of frames."""
    places, start = [], 0
    for entry in entries:
        places.append(replace(entry, start=start))
        start += entry.n_frames
    room = Entry(
        SILENCE, SILENCE, SILENCE, "", "train", True, "1" * len(ARKIT_CHANNELS), start,
        _SILENCE_FRAMES,
    )  # fmt: skip
    return entries, [*places, room], start + _SILENCE_FRAMES


def _batches(places: list[Entry], most: int) -> Iterator[list[int]]:
    """Indices of utterances of the same length, `most` frames at once unless one has more."""
    by_length: dict[int, list[int]] = {}
    for i, entry in enumerate(places):
        by_length.setdefault(entry.n_frames, []).append(i)
    for length, found in by_length.items():
        size = max(1, most // length)
        yield from (found[i : i + size] for i in range(0, len(found), size))


def _frames(hearing: Hearing, entries: list[Entry], i: int, generator: torch.Generator) -> Tensor:
    if i == len(entries):
        return hearing.room(_SILENCE_FRAMES, generator)
    return hearing.recorded(entries[i])


def _listen(encoder: Listener, heard: tuple[Tensor, ...]) -> Tensor:
    """Phone logits and cepstrum [B, 2T, P + 12], in the windows in which the daemon listens."""
    parts = []
    for window in plan_windows(heard[0].shape[1], encoder.context_frames, MEL_PER_MOTION_FRAME):
        outputs = encoder(*(frames[:, window.first : window.last] for frames in heard))
        kept = slice((window.start - window.first) // 2, (window.stop - window.first) // 2)
        parts.append(torch.cat(outputs, dim=-1)[:, kept])
    return torch.cat(parts, dim=1)


def split_speech(speech: Tensor) -> tuple[Tensor, Tensor]:
    """Phone logits [..., P] and cepstrum [..., 12] of features [..., P + 12]."""
    return speech[..., : len(PHONES)], speech[..., len(PHONES) :]


def main() -> None:
    from ..builders import ENCODERS, load_trained

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    parser.add_argument("--encoder", type=Path, required=True, help="run of the speech encoder")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--voices", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    try:
        encoder = cast(Listener, load_trained(args.encoder, *ENCODERS))
        for line in write_features(Pack(args.pack), encoder, args.out, args.voices, args.seed):
            print(line, flush=True)
    except MynahError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
