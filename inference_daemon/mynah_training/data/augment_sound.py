"""Changes of room and recording made on the sound itself [B, N] at 16 kHz, for an encoder that
hears it; the counterpart of `augment`.

All take a `torch.Generator`, so that a run can be repeated.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mynah_daemon.audio.features import HOP, SAMPLE_RATE

from .augment import smooth_curve


def add_reverb(
    sound: Tensor, decay_s: Tensor, amount: Tensor, generator: torch.Generator
) -> Tensor:
    """Late reverberation: a noisy exponential tail of `decay_s` [B] (60 dB), `amount` [B] of the
    direct power."""
    n_taps = SAMPLE_RATE * 2 // 5
    seconds = torch.arange(1, n_taps + 1) / SAMPLE_RATE
    tail = torch.randn(len(sound), n_taps, generator=generator)
    tail = tail * torch.exp(-6.9 * seconds / decay_s[:, None])
    tail = tail * (amount / tail.square().sum(1)).sqrt()[:, None]
    size = sound.shape[1] + n_taps
    wet = torch.fft.irfft(torch.fft.rfft(sound, size) * torch.fft.rfft(tail, size), size)
    return sound + wet[:, : sound.shape[1]]


def add_noise(sound: Tensor, snr_db: Tensor, generator: torch.Generator) -> Tensor:
    """Stationary noise of a random smooth colour at `snr_db` [B] below the loud frames."""
    noise = torch.randn(sound.shape, generator=generator)
    noise = _coloured(noise, 4, 1.0, generator)
    noise = noise / noise.square().mean(1, keepdim=True).sqrt()
    return sound + noise * (_loudness(sound) * 10 ** (-snr_db / 20))[:, None]


def add_babble(sound: Tensor, snr_db: Tensor) -> Tensor:
    """Another utterance of the batch in the background, `snr_db` [B] below the loud frames."""
    other = sound.roll(1, 0).flip(1)
    gain = _loudness(sound) / _loudness(other).clamp(min=1e-5) * 10 ** (-snr_db / 20)
    return sound + other * gain[:, None]


def room_noise(n_samples: int, generator: torch.Generator) -> Tensor:
    """Sound [n_samples] of a room in which no one speaks, -90 to -30 dBFS."""
    noise = torch.randn(1, n_samples, generator=generator)
    level = 10 ** (-(float(torch.rand(1, generator=generator)) * 60 + 30) / 20)
    return level * _coloured(noise, 4, 0.75, generator)[0]


def voice_and_room(sound: Tensor, generator: torch.Generator) -> Tensor:
    """The whole chain; most items keep a clean channel, a few become hard."""
    batch = len(sound)

    def draw(count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    sound = _coloured(sound, 6, 0.4, generator)
    sound = sound * smooth_curve(batch, sound.shape[1], 5, 0.25, generator).exp()
    for share, change in (
        (0.3, lambda x: add_reverb(x, draw(len(x), 0.2, 0.9), draw(len(x), 0.05, 0.8), generator)),
        (0.6, lambda x: add_noise(x, draw(len(x), 8, 45), generator)),
        (0.1, lambda x: add_babble(x, draw(len(x), 10, 25))),
    ):
        chosen = torch.nonzero(torch.rand(batch, generator=generator) < share)[:, 0]
        if len(chosen):
            sound[chosen] = change(sound[chosen])
    return sound


def _coloured(sound: Tensor, n_knots: int, deviation: float, generator: torch.Generator) -> Tensor:
    """Through a random smooth equaliser whose log gain has this deviation."""
    spectrum = torch.fft.rfft(sound)
    gain = smooth_curve(len(sound), spectrum.shape[1], n_knots, deviation, generator).exp()
    return torch.fft.irfft(spectrum * gain, sound.shape[1])


def _loudness(sound: Tensor) -> Tensor:
    """Root mean square [B] of the loud stretches of 10 ms."""
    frames = sound[:, : sound.shape[1] // HOP * HOP].unflatten(1, (-1, HOP))
    return torch.quantile(frames.square().mean(2), 0.9, dim=1).sqrt()
