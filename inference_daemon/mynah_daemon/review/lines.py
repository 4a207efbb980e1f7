"""The lines of a page: what the list says of each, and the data that it shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

from mynah_shared.errors import BadInputError
from mynah_shared.scene.sheet import to_row

from ..audio.decode import Decoder
from ..batch.ledger import Entry, hash_file
from ..batch.plan import Item
from ..clip_files import read_clip
from .evidence import Evidence
from .flags import RULES, Flag, FlagKind, find_flags

FORMAT: Final = 1
"""Of the data; another number makes all of it anew."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """A line of the page: its `record` for the list, and `evidence` if its data are new."""

    record: Record
    evidence: Evidence | None = None


class LineReader:
    """Reads lines of one batch. `metas` is what `read_metas` found, `known` the records of the
    earlier page by the name of their data."""

    def __init__(
        self,
        folder: Path,
        metas: Mapping[tuple[str, str], dict[str, Any]],
        known: Mapping[str, Record],
        decoder: Decoder,
    ) -> None:
        self._folder, self._metas, self._known = folder, metas, known
        self._decoder = decoder

    def read(self, item: Item, entry: Entry | None) -> Made:
        """A line that failed, or whose files can't be read, has a record that says so."""
        output = item.output.as_posix()
        record = _record(item, output)
        path = self._folder / item.output
        if entry is None or entry.failure or not path.is_file():
            sentence = entry.failure if entry and entry.failure else "The line is not made yet."
            return Made({**record, "flags": [_plain(Flag(FlagKind.failed, sentence))]})
        said = [_plain(Flag(FlagKind.warning, warning)) for warning in entry.warnings]
        try:
            meta = self._metas.get((output, entry.sha256), {})
            sha256 = hash_file(path)
            if sha256 != entry.sha256:
                sentence = "The result was changed since the batch made it."
                said.append(_plain(Flag(FlagKind.edited, sentence)))
            name = _data_name(item, sha256, meta)
            if (known := self._known.get(name)) is not None:
                kept = ("id", "duration", "found", "listened", "made_with")
                return Made(_complete({**record, **{key: known[key] for key in kept}}, said))
            evidence = self._evidence(item, path, meta)
        except (BadInputError, OSError) as error:
            unread = Flag(FlagKind.failed, str(error))
            return Made({**record, "flags": [_plain(unread), *said]})
        found = {
            "id": name,
            "duration": round(evidence.duration_s, 3),
            "found": [_plain(flag) for flag in find_flags(evidence)],
            "listened": bool(evidence.phones),
            "made_with": str(meta.get("model", "")),
        }
        return Made(_complete({**record, **found}, said), evidence)

    def _evidence(self, item: Item, path: Path, meta: Mapping[str, Any]) -> Evidence:
        line = item.line
        assert isinstance(line.audio, Path)
        samples, rate = self._decoder.decode_as_recorded(
            line.audio, line.audio_name, line.start_s, line.end_s
        )
        clip = read_clip(path, line.fps)
        phones, confidence = _heard(meta)
        return Evidence(samples, rate, clip, phones, confidence)


def _record(item: Item, output: str) -> Record:
    return {
        "output": output,
        "title": item.title,
        "character": item.dialogue.character,
        "name": item.dialogue.name,
        "text": item.dialogue.text,
        "row": to_row(item.dialogue, Path()),
        "id": "",
        "duration": 0.0,
        "found": [],
        "listened": False,
        "made_with": "",
    }


def _complete(record: Record, said: list[dict[str, Any]]) -> Record:
    return {**record, "flags": [*said, *record["found"]]}


def _plain(flag: Flag) -> dict[str, Any]:
    return asdict(flag)


def _heard(
    meta: Mapping[str, Any],
) -> tuple[tuple[tuple[float, float, str], ...], float | None]:
    """The phones and how sure they are, as far as the daemon told."""
    heard = meta.get("heard")
    if not isinstance(heard, dict):
        return (), None
    said = cast("dict[str, Any]", heard)
    phones = tuple((float(b), float(e), str(name)) for b, e, name in said.get("phones", ()))
    confidence = said.get("confidence")
    return phones, None if confidence is None else float(confidence)


def _data_name(item: Item, sha256: str, meta: Mapping[str, Any]) -> str:
    """Tells apart all that a line's data and flags are made of."""
    line = item.line
    assert isinstance(line.audio, Path)
    made_of = [FORMAT, sha256, hash_file(line.audio), line.start_s, line.end_s, line.fps]
    text = json.dumps([*made_of, meta.get("heard"), *RULES.values()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
