"""The daemon's log: one JSON object per line, in files that the logging library rotates."""

from __future__ import annotations

import json
import logging
import logging.handlers
import traceback
from pathlib import Path
from typing import Final

LOG_NAME: Final = "daemon.jsonl"
_BYTES: Final = 5 << 20
_FILES: Final = 5

logger: Final = logging.getLogger("mynah_daemon")


def start_log(folder: Path) -> None:
    """Opens `folder`/daemon.jsonl. What is logged holds no keys and no audio."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / LOG_NAME, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8"
    )
    handler.setFormatter(_JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


def log_event(event: str, **fields: str | int | float) -> None:
    """One line: the event's name and what belongs to it."""
    logger.info(event, extra={"fields": fields})


def fields_of(record: logging.LogRecord) -> dict[str, str | int | float]:
    """What belongs to an event."""
    return getattr(record, "fields", {})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "ts": round(record.created, 3),
            "lvl": record.levelname.lower(),
            "ev": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line)
