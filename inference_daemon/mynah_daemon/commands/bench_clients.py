"""How 1, 2, 4 … clients get on that each want one line after the other, as artists do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from mynah_shared.client.connection_file import ConnectionInfo

from .bench_lines import Speech, perform, request_of
from .connecting import open_client

_LINE_S: Final = 5
_LINES: Final = 10
"""Lines per client."""
_PERCENTILES: Final = (50, 90, 95, 99)


@dataclass(frozen=True)
class _Session:
    """What one client saw: seconds from upload to result of each line, and how many frames."""

    latencies_s: tuple[float, ...]
    n_frames: int


def report_clients(info: ConnectionInfo, speech: Speech, model: str, most: int) -> str:
    """A Markdown table with a row for each number of clients up to `most`."""
    heads = ["clients", "first result, slowest client"]
    heads += [f"p{percentile}" for percentile in _PERCENTILES]
    heads += ["worst", "frames per second", "times real time"]
    rows = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    with open_client(info) as client:
        n_workers = len(client.status().workers)
    if n_workers > 1:  # each loads its model with the first line that it gets
        _row(info, speech, model, n_workers, first=10_000_000)
    for n_clients in _numbers(most):
        rows.append(_row(info, speech, model, n_clients))
    note = (
        f"Each client wants {_LINES} lines of {_LINE_S} s one after the other; seconds are from "
        "the begin of a line's upload to its result, percentiles are over all lines."
    )
    return "\n".join([*rows, "", note])


def _numbers(most: int) -> list[int]:
    """Powers of two up to `most`, and `most`."""
    return sorted({2**power for power in range(most.bit_length())} | {most})


def _row(info: ConnectionInfo, speech: Speech, model: str, n_clients: int, first: int = 0) -> str:
    def work(place: int) -> _Session:
        return _run_client(info, speech, model, first + 1000 * n_clients + _LINES * place)

    began_s = time.perf_counter()
    with ThreadPoolExecutor(n_clients) as threads:
        sessions = list(threads.map(work, range(n_clients)))
    took_s = time.perf_counter() - began_s
    latencies_s = np.concatenate([session.latencies_s for session in sessions])
    cells = [max(session.latencies_s[0] for session in sessions)]
    cells += list(np.percentile(latencies_s, _PERCENTILES))
    cells.append(latencies_s.max())
    n_frames = sum(session.n_frames for session in sessions)
    seconds = " | ".join(f"{cell:.3f} s" for cell in cells)
    times = n_clients * _LINES * _LINE_S / took_s
    return f"| {n_clients} | {seconds} | {n_frames / took_s:,.0f} | {times:.0f} |"


def _run_client(info: ConnectionInfo, speech: Speech, model: str, first: int) -> _Session:
    latencies_s: list[float] = []
    n_frames = 0
    with open_client(info) as client:
        for number in range(first, first + _LINES):
            audio = speech.line(_LINE_S, number)
            began_s = time.perf_counter()
            reply = perform(client, request_of(client.upload(audio), model))
            latencies_s.append(time.perf_counter() - began_s)
            n_frames += reply.clip.n_frames
    return _Session(tuple(latencies_s), n_frames)
