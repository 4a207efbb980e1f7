"""A short soak: what a batch holds in memory must not grow with its lines. The long one is
`soak_batch.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.soak_batch import resident_mb, soak, write_lines


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read as on Linux")
@pytest.mark.slow
def test_no_process_grows_with_the_lines(tmp_path: Path) -> None:
    found = soak(tmp_path, write_lines(tmp_path, 160, n_recordings=20))
    assert found.exit_code == 0
    assert found.samples[-1][1] == 160
    assert resident_mb()["worker"] > 20, "the daemon's processes must be among those measured"
    after_half, at_end = found.rows(2)
    for kind in ("command", "worker"):
        grown = at_end[1][kind] - after_half[1][kind]
        # 80 results of this model are some 4 MB: nobody may keep them all and more
        assert grown < 12, f"{kind} grew by {grown:.0f} MB over 80 lines"
