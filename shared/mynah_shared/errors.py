"""Every error Mynah raises on purpose.

MynahError                      base: one plain sentence for an artist, safe to show as it is
├── BadInputError               a value the caller gave can't be used; the sentence names it and the
remedy
├── ProtocolError               a message that breaks PROTOCOL.md
├── EngineUnavailableError      no daemon answers and none could be started
├── VersionMismatchError        host and daemon speak different protocol versions
└── JobFailedError              the daemon refused or failed one job; carries its `ErrorCode`
"""

from __future__ import annotations


class MynahError(Exception):
    """Base of all errors here. `str(error)` is one sentence that can be shown to an artist."""


class BadInputError(MynahError):
    """The caller gave a value that can't be used. Correct the value named in the sentence and call
    again."""


class ProtocolError(MynahError):
    """A message breaks PROTOCOL.md. Callers drop the message; it is never retried."""


class EngineUnavailableError(MynahError):
    """No daemon answers and none could be started. Retry after following the sentence's remedy."""


class VersionMismatchError(MynahError):
    """Host and daemon speak different major versions of the protocol. Update the one the sentence
    names."""


class JobFailedError(MynahError):
    """The daemon refused or failed a job.

    `code` is an `ErrorCode` value of the protocol; `retry` says whether the same request may
    succeed later.
    """

    def __init__(self, message: str, *, code: str, retry: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retry = retry
