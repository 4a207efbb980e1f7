"""Changes of voice, room and recording, made on raw log-mel batches [B, L, 80] where they cost
almost nothing.

All take a `torch.Generator`, so that a run can be repeated.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mynah_daemon.audio import features


def resample_time(sequence: Tensor, n_frames: int) -> Tensor:
    """[B, L, C] → [B, n_frames, C] by linear interpolation."""
    return functional.interpolate(
        sequence.transpose(1, 2), n_frames, mode="linear", align_corners=False
    ).transpose(1, 2)


def warp_vocal_tract(mel: Tensor, factor: Tensor) -> Tensor:
    """Stretches each spectrum along frequency by `factor` [B]: a longer or shorter vocal tract, and
    pitch with it."""
    bands = torch.arange(features.N_MELS, device=mel.device, dtype=mel.dtype)
    # Bands are mel-spaced and mel is close to log(1 + f/700), so the factor shifts high bands and
    # scales low ones.
    hz = 700.0 * torch.expm1((bands + 1) / (features.N_MELS + 1) * _MEL_SPAN + _MEL_LOW)
    wanted = (torch.log1p(hz * factor[:, None] / 700.0) - _MEL_LOW) / _MEL_SPAN * (
        features.N_MELS + 1
    ) - 1
    wanted = wanted.clamp(0, features.N_MELS - 1)
    low = wanted.floor().long().clamp(max=features.N_MELS - 2)
    part = (wanted - low)[:, None, :]
    index = low[:, None, :].expand(-1, mel.shape[1], -1)
    return mel.gather(2, index) * (1 - part) + mel.gather(2, index + 1) * part


_MEL_LOW = float(torch.log1p(torch.tensor(60.0 / 700.0)))
_MEL_SPAN = float(torch.log1p(torch.tensor(7600.0 / 700.0))) - _MEL_LOW


def add_reverb(mel: Tensor, decay_s: Tensor, amount: Tensor) -> Tensor:
    """Late reverberation: an exponential tail of `decay_s` [B] (60 dB), `amount` [B] of the direct
    power."""
    n_taps = 40
    steps = torch.arange(1, n_taps + 1, device=mel.device, dtype=mel.dtype)
    tail = torch.exp(-13.8 * steps / features.MEL_RATE / decay_s[:, None])
    tail = tail / tail.sum(1, keepdim=True) * amount[:, None]
    power = mel.exp().transpose(1, 2)
    kernel = tail.flip(1)[:, None, None, :]
    batch, bands, length = power.shape
    padded = functional.pad(power, (n_taps, -1))
    wet = functional.conv1d(
        padded.transpose(0, 1).reshape(bands, batch, -1), kernel[:, :, 0], groups=batch
    )
    return torch.log(power + wet.reshape(bands, batch, length).transpose(0, 1)).transpose(1, 2)


def add_noise(mel: Tensor, snr_db: Tensor, generator: torch.Generator) -> Tensor:
    """Stationary noise of a random smooth colour at `snr_db` [B] below the loud frames."""
    batch, length, bands = mel.shape
    level = torch.quantile(mel.mean(2), 0.9, dim=1)
    colour = smooth_curve(batch, bands, 4, 2.0, generator)
    jitter = torch.randn(batch, length, bands, generator=generator) * 0.5
    noise = level[:, None, None] - snr_db[:, None, None] * 0.2303 + colour[:, None, :] + jitter
    return torch.logaddexp(mel, noise)


def add_babble(mel: Tensor, snr_db: Tensor) -> Tensor:
    """Another utterance of the batch in the background, `snr_db` [B] below the loud frames."""
    other = mel.roll(1, 0).flip(1)
    level = torch.quantile(mel.mean(2), 0.9, dim=1) - torch.quantile(other.mean(2), 0.9, dim=1)
    return torch.logaddexp(mel, other + (level - snr_db * 0.2303)[:, None, None])


def smooth_curve(
    batch: int, length: int, n_knots: int, deviation: float, generator: torch.Generator
) -> Tensor:
    """Random curves [batch, length] through `n_knots` normal values."""
    knots = torch.randn(batch, 1, n_knots, generator=generator) * deviation
    return functional.interpolate(knots, length, mode="linear", align_corners=True)[:, 0]


def room_noise(length: int, generator: torch.Generator) -> Tensor:
    """Log-mel [length, 80] of a room in which no one speaks, at any level."""
    level = float(torch.rand(1, generator=generator)) * 14 - 20
    colour = smooth_curve(1, features.N_MELS, 4, 1.5, generator)
    return level + colour + torch.randn(length, features.N_MELS, generator=generator) * 0.7


def mask_spans(mel: Tensor, generator: torch.Generator) -> Tensor:
    """Hides one band range and one short time range of each item (SpecAugment), after
    normalisation."""
    batch, length, bands = mel.shape
    for size, axis, longest in ((bands, 2, 12), (length, 1, 12)):
        start = torch.randint(0, size - longest, (batch, 1), generator=generator)
        width = torch.randint(0, longest, (batch, 1), generator=generator)
        index = torch.arange(size)[None]
        hidden = (index >= start) & (index < start + width)
        mel = mel.masked_fill(hidden[:, None, :] if axis == 2 else hidden[:, :, None], 0.0)
    return mel


def normalise(mel: Tensor) -> Tensor:
    """`mynah_daemon.audio.features.normalise` for every item of a batch."""
    return torch.stack([torch.from_numpy(features.normalise(item.numpy())) for item in mel])


def voice_and_room(mel: Tensor, generator: torch.Generator) -> Tensor:
    """The whole chain on raw log-mel; most items keep a clean channel, a few become hard.

    Returns normalised mel.
    """
    batch = len(mel)

    def draw(count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    factor = torch.exp(torch.randn(batch, generator=generator).clamp(-2, 2) * 0.11)
    mel = warp_vocal_tract(mel, factor)
    mel += smooth_curve(batch, features.N_MELS, 6, 0.8, generator)[:, None, :]
    mel += smooth_curve(batch, mel.shape[1], 5, 0.5, generator)[:, :, None]
    for share, change in (
        (0.3, lambda x: add_reverb(x, draw(len(x), 0.2, 0.9), draw(len(x), 0.05, 0.8))),
        (0.6, lambda x: add_noise(x, draw(len(x), 8, 45), generator)),
        (0.1, lambda x: add_babble(x, draw(len(x), 10, 25))),
    ):
        chosen = torch.nonzero(torch.rand(batch, generator=generator) < share)[:, 0]
        if len(chosen):
            mel[chosen] = change(mel[chosen])
    return normalise(mel)
