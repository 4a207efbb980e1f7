"""`mynah dataset build` in order: what is heard and seen in each video, which clips are kept, their
files, and the report.

Hearing and seeing take the time; what they find is kept (`evidence`), and the rest follows from it
anew in every run. So a run that was stopped goes on where it was, and a changed threshold costs
seconds. A speaker's clips are written once all of his videos were seen, as their lag may be told
from all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from mynah_daemon.capture.downloads import Report
from mynah_shared.errors import BadInputError

from ..data.layouts.clips import dev_clips
from ..data.layouts.folder import find_folder_clips
from .clip_writing import (
    about,
    cut_phones,
    cut_sound,
    has_files,
    is_written,
    remove_files,
    write_files,
)
from .examining import Examined, Examiner, Tools
from .judging import judge_speaker
from .outcomes import NOTE, VideoOutcome, read_outcomes, write_outcomes
from .report import REPORT, write_report
from .videos import SourceVideo, Transcripts, find_videos, read_transcripts

Say = Callable[[str], None]


def build_dataset(folder: Path, corpus: Path, tools: Tools, report: Report, say: Say) -> None:
    """Makes or completes the corpus of a folder of videos.

    `report` hears of the video and the fraction of it that is done, `say` of each video's outcome;
    what they raise ends the run, and another one goes on there. Raises `BadInputError` with a
    sentence if the folder can't be used or no clip could be kept, `EngineUnavailableError` if
    something is not installed or can't be fetched.
    """
    videos = find_videos(folder)
    texts = read_transcripts(folder, videos)
    earlier = _open_corpus(corpus, folder)
    try:
        found = _build(videos, texts, earlier, corpus, tools, report, say)
    except OSError as error:
        raise BadInputError(
            f"'{corpus}' can't be written ({error.strerror}); free the disk's space or choose "
            "another folder, and run it again."
        ) from error
    _check_any_kept(found, corpus)


def _open_corpus(corpus: Path, folder: Path) -> list[VideoOutcome]:
    """What an earlier run found in the corpus; makes the folder if there is none."""
    if corpus.resolve() == folder.resolve():
        raise BadInputError(
            f"'{corpus}' is the folder of the videos; give another folder for the corpus (-o)."
        )
    if corpus.is_file():
        raise BadInputError(f"'{corpus}' is a file; give a folder for the corpus (-o).")
    if (corpus / NOTE).is_file():
        for left_over in corpus.rglob(".*.tmp"):  # of a run that was killed
            left_over.unlink(missing_ok=True)
        return read_outcomes(corpus)
    if corpus.is_dir() and any(corpus.iterdir()):
        raise BadInputError(
            f"'{corpus}' is not empty and holds no corpus that `mynah dataset build` made; give "
            "another folder (-o)."
        )
    try:
        corpus.mkdir(parents=True, exist_ok=True)
        write_outcomes(corpus, [])
    except OSError as error:
        raise BadInputError(
            f"The folder '{corpus}' can't be made ({error.strerror}); choose another one (-o)."
        ) from error
    return []


def _build(
    videos: Sequence[SourceVideo],
    texts: Transcripts,
    earlier: Sequence[VideoOutcome],
    corpus: Path,
    tools: Tools,
    report: Report,
    say: Say,
) -> list[VideoOutcome]:
    known = {outcome.place: outcome for outcome in earlier}
    for place in known.keys() - {video.place for video in videos}:
        if any(has_files(corpus, clip.name) for clip in known[place].kept):
            known[place] = replace(known[place], is_gone=True)
        else:
            del known[place]
    keys: dict[str, str] = {}
    with Examiner(corpus, tools, bool(texts.texts), report) as examiner:
        for _, group in groupby(videos, lambda video: video.speaker):
            examined: list[Examined] = []
            found: list[VideoOutcome] = []
            for video in group:
                try:
                    key = examiner.key(video)
                    if key in keys:
                        raise BadInputError(f"It is the same file as '{keys[key]}'.")
                    keys[key] = video.place
                    text = texts.texts.get(video.place)
                    examined.append(examiner.examine(video, key, text))
                except BadInputError as error:
                    found.append(VideoOutcome(video.place, video.speaker, problem=str(error)))
            judged = judge_speaker(examined)
            found += judged
            for outcome in found:
                _remove_stale(known.get(outcome.place), outcome, corpus)
            for one, outcome in zip(examined, judged, strict=True):
                _write_clips(one, outcome, examiner, corpus)
            for outcome in sorted(found, key=lambda outcome: outcome.place):
                known[outcome.place] = _with_notes(outcome, texts)
                say(_summary(outcome))
            _write_notes(corpus, known)
    return list(known.values())


def _with_notes(outcome: VideoOutcome, texts: Transcripts) -> VideoOutcome:
    problem = texts.problems.get(outcome.place)
    return replace(outcome, notes=(*outcome.notes, problem)) if problem else outcome


def _remove_stale(before: VideoOutcome | None, now: VideoOutcome, corpus: Path) -> None:
    """Takes out clips of an earlier run that this one doesn't keep."""
    kept = {clip.name for clip in now.kept}
    for clip in before.kept if before else ():
        if clip.name not in kept:
            remove_files(corpus, clip.name)


def _write_clips(
    examined: Examined, outcome: VideoOutcome, examiner: Examiner, corpus: Path
) -> None:
    samples = None
    for clip, seen in zip(outcome.clips, examined.seen, strict=True):
        if not clip.is_kept or seen is None or outcome.lag_s is None:
            continue
        # the sound that belongs to a late picture is earlier; the track stays as it was seen, as
        # moving it by parts of a frame would soften it
        start_s = clip.start_s - outcome.lag_s
        placed = examined.placed.phones if examined.placed else ()
        phones = cut_phones(placed, start_s, seen.clip.duration_s)
        made_from = about(examined.key, clip.start_s, outcome.lag_s, phones)
        if is_written(corpus, clip.name, made_from):
            continue
        if samples is None:
            samples = examiner.ear.sound(examined.video, examined.heard.length_s)
        sound = cut_sound(samples, start_s, seen.clip.duration_s)
        write_files(corpus, clip.name, sound, seen.clip, phones, made_from)


def _write_notes(corpus: Path, known: dict[str, VideoOutcome]) -> None:
    outcomes = [known[place] for place in sorted(known)]
    write_outcomes(corpus, outcomes)
    kept = {clip.name for outcome in outcomes for clip in outcome.kept}
    there = any(has_files(corpus, name) for name in kept)
    clips = find_folder_clips(corpus) if there else []
    dev = dev_clips([clip for clip in clips if clip.track is not None])
    write_report(corpus, outcomes, dev)


def _summary(outcome: VideoOutcome) -> str:
    if outcome.problem:
        return f"{outcome.place}: left out: {outcome.problem}"
    count = len(outcome.clips)
    return f"{outcome.place}: {len(outcome.kept)} of {count} clip{'s' * (count != 1)} kept"


def _check_any_kept(found: Sequence[VideoOutcome], corpus: Path) -> None:
    if any(outcome.kept for outcome in found):
        return
    count = len(found)
    videos = f"any of the {count} videos" if count > 1 else "the video"
    raise BadInputError(f"No clip of {videos} could be kept; {corpus / REPORT} tells why.")
