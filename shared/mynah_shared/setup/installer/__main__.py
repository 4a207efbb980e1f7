"""Carries out one order: `python -m installer ORDER`, with the order as JSON."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TextIO

from .children import Children
from .order import LOG_NAME, CancelledError, Order, SetUpError, Told
from .remedies import of_error
from .steps import carry_out


def main() -> None:
    """Carry out the order of the command line and tell how it ended."""
    order = Order.from_json(sys.argv[1])
    _tell(_ended(order))


def _ended(order: Order) -> Told:
    """The last thing to tell."""
    folder = Path(order.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / LOG_NAME, "w", encoding="utf-8") as log:
            return _logged(order, log)
    except OSError as error:
        return Told(1.0, of_error(error, folder), "error")


def _logged(order: Order, log: TextIO) -> Told:
    children = Children(log)
    threading.Thread(target=_cancel_at_eof, args=[children], daemon=True).start()
    try:
        return Told(1.0, carry_out(order, children, _tell), "done")
    except CancelledError:
        return Told(1.0, "Cancelled; nothing was changed.", "cancelled")
    except SetUpError as error:
        traceback.print_exc(file=log)
        return Told(1.0, str(error), "error")
    except OSError:
        traceback.print_exc(file=log)
        raise
    except Exception as error:  # a bug, but the person at the button must hear of it
        traceback.print_exc(file=log)
        return Told(1.0, f"The set-up failed ({error}); the log has the details.", "error")


def _cancel_at_eof(children: Children) -> None:
    """The host closes the pipe to cancel; it also closes when the host ends or crashes."""
    while os.read(0, 1024):  # not sys.stdin: its lock would outlive the main thread
        pass
    children.cancel()


def _tell(told: Told) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        print(told.to_json(), flush=True)


if __name__ == "__main__":
    main()
