"""What goes on with a line, in words for people."""

from __future__ import annotations

from typing import Final

STAGE_WORDS: Final = {
    "": "Starting",
    "reading": "Reading the performance",
    "connecting": "Starting the engine",
    "upload": "Sending the file",
    "queued": "Waiting for the engine",
    "download": "Fetching the face finder",
    "capture": "Watching the video",
    "decode": "Reading the audio",
    "features": "Listening",
    "motion": "Performing",
    "finish": "Finishing",
    "keys": "Setting the keys",
}
"""By the stages of `Progressed`, and those of the hosts themselves: reading and keys."""
