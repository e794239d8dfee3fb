"""`make bench`: every figure beside its aim, in one run. `python -m bench kill density` runs some.

Each suite is a process of its own: Django is set up once in a process, for one state folder.
"""

from __future__ import annotations

import subprocess
import sys

SUITES = ("platform", "latency", "bridge", "kill", "memory", "density", "flow", "knowledge", "canvas")


def main() -> int:
    failed = 0
    for name in sys.argv[1:] or SUITES:
        if name not in SUITES:
            print(f"There is no suite {name}: choose from {', '.join(SUITES)}.")
            return 2
        print(f"{name}:", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
