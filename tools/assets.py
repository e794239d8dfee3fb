"""Whether static/dist is what static/src makes, told by recorded hashes so that no Node is needed."""

from __future__ import annotations

import sys

from voiceops.lib.assets import drift

if found := drift():
    sys.exit("\n".join([*found, "Run `make assets` and commit static/dist."]))
