"""What is heard and seen in a video, looked up where an earlier run found it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from mynah_daemon.audio.decode_child import SAMPLE_RATE
from mynah_daemon.capture.distilled import GRAPH, CaptureNetwork
from mynah_daemon.capture.downloads import LANDMARKER, Report, fetch
from mynah_daemon.capture.head_model import HEAD_FILE, load_head
from mynah_daemon.capture.solver import Solver
from mynah_daemon.capture.video import Video
from mynah_daemon.engine.model_store import BUNDLED
from mynah_daemon.engine.speech import PHONE_RATE
from mynah_shared._version import __version__
from mynah_shared.errors import BadInputError

from .evidence import Evidence, Heard, Placed
from .listening import SILENCE, Ear
from .segments import find_stretches
from .transcripts import Speller, place_text
from .videos import SourceVideo
from .watching import Watched, Watcher, watch


@dataclass(frozen=True)
class Tools:
    """`language` as espeak-ng names it; `landmarker` and `head` as for a capture, None for those
    that Mynah fetches and ships."""

    language: str = "en-us"
    landmarker: Path | None = None
    head: Path | None = None


@dataclass(frozen=True, eq=False)
class Examined:
    """A video with what is known of it; `seen` has a place for each of the stretches. `placed` is
    None without a transcript. `key` names content and tools."""

    video: SourceVideo
    key: str
    evidence: Evidence
    heard: Heard
    placed: Placed | None
    seen: tuple[Watched | None, ...]


class Examiner:
    """Holds the models; use it in `with`. `report` hears of the video and the fraction done; what
    it raises ends the work.

    Raises `EngineUnavailableError` if something is not installed or can't be fetched,
    `BadInputError` if landmarker, head or language can't be used.
    """

    def __init__(self, corpus: Path, tools: Tools, has_texts: bool, report: Report) -> None:
        self._corpus, self._report = corpus, report
        landmarker = tools.landmarker or fetch(LANDMARKER, report)
        head = tools.head
        if head is not None and head.is_dir():
            head = head / HEAD_FILE
        self._solver = CaptureNetwork() if head is None else Solver(load_head(head))
        self._language = tools.language
        self._speller = Speller(tools.language) if has_texts else None
        self.ear = Ear()
        self._watcher = Watcher(landmarker)
        files = (landmarker, head or BUNDLED / GRAPH)
        sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
        # another version of Mynah may see otherwise: a corpus is never of two
        self._about = " ".join([__version__, self.ear.sha256, *sums])

    def __enter__(self) -> Examiner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watcher.close()
        self.ear.__exit__(kind, error, traceback)

    def key(self, video: SourceVideo) -> str:
        """Names the video's content and the tools. Raises `BadInputError` if it can't be read."""
        made_of = f"{video.content_hash()} {self._about}"
        return hashlib.sha256(made_of.encode()).hexdigest()[:16]

    def examine(self, video: SourceVideo, key: str, text: str | None) -> Examined:
        """All that is heard and seen; `text` is what is said, if known (only if `has_texts`).
        Raises `BadInputError` if the video can't be used."""
        evidence = Evidence(self._corpus, key)
        heard, placed = self._listen(video, evidence, text)
        seen: list[Watched | None] = []
        for i, (start_s, end_s) in enumerate(heard.stretches):
            known = evidence.watched(i + 1)
            if known is None:
                rows = slice(round(start_s * PHONE_RATE), round(end_s * PHONE_RATE))
                found, picture = watch(
                    video,
                    (start_s, end_s),
                    self._watcher,
                    self._solver,
                    float((heard.silence[rows] < 0.5).mean()),
                    self._part(video, i, len(heard.stretches)),
                )
                evidence.keep_watched(i + 1, found, picture)
                known = (found,)
            seen += known
        return Examined(video, key, evidence, heard, placed, tuple(seen))

    def _part(self, video: SourceVideo, i: int, count: int) -> Report:
        return lambda _stage, fraction: self._report(video.place, (i + fraction) / count)

    def _listen(
        self, video: SourceVideo, evidence: Evidence, text: str | None
    ) -> tuple[Heard, Placed | None]:
        heard = evidence.heard()
        placed = None if text is None else evidence.placed()
        wanted = f"{self._language}: {text}"
        if heard is not None and (text is None or (placed is not None and placed.text == wanted)):
            return heard, placed
        self._report(video.place, 0.0)
        with Video(video.path, video.place) as film:
            length_s = film.facts.length_s
        samples = self.ear.sound(video, length_s)
        found, opening = self.ear.hear(samples)
        if heard is None:
            length_s = len(samples) / SAMPLE_RATE
            silence = found[:, self.ear.column(SILENCE)]
            stretches, n_short = find_stretches(silence, length_s)
            closure = self.ear.closure(found)
            heard = Heard(length_s, tuple(stretches), n_short, closure, silence, opening)
            evidence.keep_heard(heard)
        if text is not None:
            assert self._speller is not None
            try:
                placed = Placed(wanted, tuple(place_text(text, found, self.ear, self._speller)))
            except BadInputError as error:
                placed = Placed(wanted, (), str(error))
            evidence.keep_placed(placed)
        return heard, placed
