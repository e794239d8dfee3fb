"""`make bench`: every figure beside its comparison, in one run. `python -m bench platform density` runs some."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import bridge, density, kill, latency, memory, platform

SUITES: dict[str, Callable[[], object]] = {
    "platform": platform.run,
    "latency": latency.run,
    "bridge": bridge.run,
    "kill": kill.run,
    "memory": memory.run,
    "density": density.run,
}


def main() -> None:
    for name in sys.argv[1:] or SUITES:
        print(f"{name}:", flush=True)
        SUITES[name]()


if __name__ == "__main__":
    main()
