"""A process that behaves as the daemon does towards the launcher: `stand_in_daemon.py MODE daemon`.

One lock file lets one process win; the others end with code 0. Modes: `normal`, `slow` to start,
`crash` at the start, `old` protocol.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "shared"))

from mynah_shared.client.connection_file import ensure_state_dir, write_connection_file
from mynah_shared.testing.fake_daemon import FakeDaemon


def main(mode: str, verb: str) -> None:
    assert verb == "daemon"
    if mode == "crash":
        raise RuntimeError("the weights are damaged")
    folder = ensure_state_dir()
    with open(folder / "lock", "w") as lock:
        if not take(lock.fileno()):
            print("another daemon runs")
            return
        if mode == "slow":
            time.sleep(0.7)
        protocol = (0, 9) if mode == "old" else (1, 0)
        with FakeDaemon(step_s=0.1, protocol=protocol) as daemon:
            (folder / f"started-{daemon.info.pid}").touch()
            write_connection_file(daemon.info)
            daemon.stopped.wait()


def take(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
