"""What a take was made of, to be kept with the take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_KEPT_ELSEWHERE = ("heard", "warnings")


def provenance(meta: Mapping[str, Any]) -> str:
    """The record of a result as JSON text for a host's scene: hashes of file, model and styles,
    seed, settings, versions and times; without what was heard and said, which hosts keep apart."""
    kept = {name: value for name, value in meta.items() if name not in _KEPT_ELSEWHERE}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))
