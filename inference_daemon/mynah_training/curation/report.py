"""The report of a corpus: one page that opens from disk, with every clip's picture, and why it was
left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mynah_daemon.clip_files import replace_file

from .outcomes import ClipOutcome, VideoOutcome

REPORT: Final = "report.html"
_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --good: #1b7f3b; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a80; --good: #7bd88f; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; }
h1 { margin: 0 0 .25rem; } h2 { margin: 2.5rem 0 .5rem; }
p { margin: .25rem 0; } ul { margin: .5rem 0 1rem; padding-left: 1.2rem; } .quiet { opacity: .7; }
.bad { color: var(--bad); } .good { color: var(--good); }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .9rem .25rem 0; text-align: left; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.clips { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); }
.clip { border: 1px solid var(--line); border-radius: 8px; margin: 0; overflow: hidden; }
.clip img { display: block; width: 100%; } .clip figcaption { padding: .5rem .75rem; }
"""


def write_report(corpus: Path, videos: Sequence[VideoOutcome], dev: Collection[str]) -> None:
    """Writes the page, complete or not at all; `dev` names the clips that are not for training."""
    parts = [_head(videos, dev), _speakers(videos, dev), _reasons(videos)]
    for speaker in dict.fromkeys(video.speaker for video in videos):
        parts.append(_speaker(speaker, [v for v in videos if v.speaker == speaker], dev))
    title = f"{escape(corpus.resolve().name)}: what became of the videos"
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )
    replace_file(corpus / REPORT, page.encode("utf-8"))


def _head(videos: Sequence[VideoOutcome], dev: Collection[str]) -> str:
    clips, kept = _clips(videos), _kept(videos)
    in_dev = [clip for clip in kept if clip.name in dev]
    return (
        f"<p>{_count(len(videos), 'video')}, {_count(len(clips), 'clip')}: "
        f'<span class="good">{len(kept)} kept</span> ({_minutes(kept)} min), '
        f'<span class="bad">{len(clips) - len(kept)} left out</span>. Of those kept, '
        f"{len(in_dev)} for dev ({_minutes(in_dev)} min), the rest for training.</p>\n"
        "<p class='quiet'>In each picture: six moments as filmed and, below, as solved on Mynah's "
        "head.</p>"
    )


def _speakers(videos: Sequence[VideoOutcome], dev: Collection[str]) -> str:
    rows: list[tuple[str, ...]] = []
    for speaker in dict.fromkeys(video.speaker for video in videos):
        own = [video for video in videos if video.speaker == speaker]
        kept = _kept(own)
        n_dev = sum(clip.name in dev for clip in kept)
        rows.append(
            (
                speaker, str(len(own)), f"{len(kept)} of {len(_clips(own))}", _minutes(kept),
                str(n_dev),
            )
        )  # fmt: skip
    return _table(("speaker", "videos", "clips kept", "minutes kept", "clips for dev"), rows)


def _reasons(videos: Sequence[VideoOutcome]) -> str:
    """How often each reason was met, by its words without numbers."""
    counts: Counter[str] = Counter()
    for clip in _clips(videos):
        counts.update(
            {" ".join("…" if _has_digit(w) else w for w in r.split()) for r in clip.reasons}
        )
    if not counts:
        return ""
    rows = [(reason, str(count)) for reason, count in counts.most_common()]
    return "<h2>Why clips were left out</h2>" + _table(("reason", "clips"), rows)


def _speaker(speaker: str, videos: Sequence[VideoOutcome], dev: Collection[str]) -> str:
    remarks = "\n".join(f"<li>{remark}</li>" for video in videos for remark in _remarks(video))
    figures = "\n".join(_clip(clip, video, dev) for video in videos for clip in video.clips)
    return (
        f"<h2>{escape(speaker)}</h2>"
        + (f"\n<ul>\n{remarks}\n</ul>" if remarks else "")
        + (f'\n<div class="clips">\n{figures}\n</div>' if figures else "")
    )


def _remarks(video: VideoOutcome) -> list[str]:
    place = f"<b>{escape(video.place)}</b>: "
    found: list[str] = []
    if video.is_gone:
        found.append(f"{place}no longer in the folder; its clips are as they were.")
    if video.problem:
        found.append(f'{place}<span class="bad">left out:</span> {escape(video.problem)}')
    if video.lag_s is not None:
        found.append(f"{place}picture {_lag(video.lag_s)} ({escape(video.lag_about)}); corrected.")
    return found + [place + escape(note) for note in video.notes]


def _lag(lag_s: float) -> str:
    return f"{abs(1000 * lag_s):.0f} ms {'late' if lag_s >= 0 else 'early'}"


def _clip(clip: ClipOutcome, video: VideoOutcome, dev: Collection[str]) -> str:
    picture = ""
    if clip.picture:
        picture = f'<img loading="lazy" src="{quote(clip.picture)}" alt="film strip">'
    if clip.is_kept:
        verdict = f'<span class="good">kept</span> for {"dev" if clip.name in dev else "training"}'
        verdict += ", with phones" if clip.has_phones else ""
    else:
        verdict = f'<span class="bad">left out:</span> {escape("; ".join(clip.reasons))}'
    return (
        f'<figure class="clip">{picture}<figcaption>{escape(clip.name.rpartition("/")[2])} '
        f'<span class="quiet">{escape(video.place)}, {clip.start_s:.1f}–{clip.end_s:.1f} s</span>'
        f"<br>{verdict}</figcaption></figure>"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        kinds = ["", *[' class="number"'] * (len(cells) - 1)]
        return "".join(
            f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True)
        )

    body = "\n".join(f"<tr>{row('td', cells)}</tr>" for cells in rows)
    return f"<table>\n<tr>{row('th', head)}</tr>\n{body}\n</table>"


def _clips(videos: Sequence[VideoOutcome]) -> list[ClipOutcome]:
    return [clip for video in videos for clip in video.clips]


def _kept(videos: Sequence[VideoOutcome]) -> list[ClipOutcome]:
    return [clip for clip in _clips(videos) if clip.is_kept]


def _minutes(clips: Sequence[ClipOutcome]) -> str:
    minutes, seconds = divmod(round(sum(clip.end_s - clip.start_s for clip in clips)), 60)
    return f"{minutes}:{seconds:02d}"


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _has_digit(word: str) -> bool:
    return any(c.isdigit() for c in word)
