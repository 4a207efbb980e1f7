"""How much memory this process has needed at most, where the system tells."""

from __future__ import annotations

import sys

if sys.platform == "win32":

    def peak_bytes() -> int:
        """Largest resident size so far; 0 = unknown, as on Windows without extra packages."""
        return 0
else:
    import resource

    def peak_bytes() -> int:
        """Largest resident size so far; 0 = unknown."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
