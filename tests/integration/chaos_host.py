"""A host with many lines that may be killed at any moment: `python chaos_host.py LINES NOTES N`.

LINES is JSON: [name, audio file, start_s] each. A line that is made becomes one line in NOTES: its
name and the SHA-256 of the curves. What stands there already is not asked for again. The daemon
that it starts has N workers.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from mynah_shared.client.background import BackgroundClient, Failed, Finished
from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon
from mynah_shared.client.steps import Line

LINE_S = 30.0
DAEMON, CPU = ["daemon"], ["--device", "cpu"]


def main(lines_file: Path, notes_file: Path, n_workers: int) -> None:
    """Ends when all lines are noted."""
    wanted = {
        name: Line(Path(audio), Path(audio).name, 30.0, start_s=start_s, end_s=start_s + LINE_S)
        for name, audio, start_s in json.loads(lines_file.read_text())
    }
    if notes_file.exists():
        for note in notes_file.read_text().splitlines():
            wanted.pop(note.split()[0], None)
    program = f"from mynah_daemon.cli import main; main({DAEMON + n_workers * CPU})"
    engine = EngineCommand((sys.executable, "-c", program))
    client = BackgroundClient(lambda: find_or_start_daemon(engine), "chaos", "1")
    notes = os.open(notes_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    tickets = {client.generate(line): name for name, line in wanted.items()}
    while tickets:
        event = client.events.get()
        if isinstance(event, Finished):
            name = tickets.pop(event.ticket)
            sha256 = hashlib.sha256(event.clip.values.tobytes()).hexdigest()
            os.write(notes, f"{name} {sha256}\n".encode())
        elif isinstance(event, Failed):  # its daemon or worker was killed too often: try again
            name = tickets.pop(event.ticket)
            os.write(notes, f"! {name} {event.code} {event.message}\n".encode())
            tickets[client.generate(wanted[name])] = name
    client.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
