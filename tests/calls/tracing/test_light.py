"""Exporters cost memory and time: only who exports pays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit


def test_a_web_process_starts_without_the_exporters() -> None:
    program = (
        "import django, sys; django.setup(); import voiceops.urls, calls.tasks;"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'langfuse', 'opentelemetry'}))"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=100)
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stderr[-2000:]
