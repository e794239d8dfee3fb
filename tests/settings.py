"""Settings of the tests: the product's own, on a state folder and stores that belong to this run alone.

The first process of a run (pytest, or xdist's controller) makes the folder; xdist's workers inherit it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

if "VOICEOPS_TEST_STATE" not in os.environ:
    _folder = Path(tempfile.mkdtemp(prefix="voiceops-test-"))
    _folder.chmod(0o711)  # as root the stores run as another user, who has to reach them
    os.environ["VOICEOPS_TEST_STATE"] = str(_folder)
    os.environ["VOICEOPS_TEST_OWNER"] = str(os.getpid())

os.environ["VOICEOPS_STATE"] = os.environ["VOICEOPS_TEST_STATE"]
Path(os.environ["VOICEOPS_STATE"], "staticfiles").mkdir(exist_ok=True)
for _name in [name for name in os.environ if name.startswith("S3_")] + [
    "PUBLIC_URL",
    "VOICEOPS_PORT",
    "BEHIND_PROXY",
    "DATABASE_POOL",
]:
    os.environ.pop(_name, None)
os.environ["DATABASE_URL"] = f"postgresql://voiceops@/nothing?host={os.environ['VOICEOPS_STATE']}/run"
os.environ["REDIS_URL"] = (
    f"unix://{os.environ['VOICEOPS_STATE']}/{os.environ.get('PYTEST_XDIST_WORKER', 'main')}/redis.sock"
)
# Fixed, because the template database is kept between runs and holds sealed values.
os.environ["SECRET_KEY"] = "tests-only-" + "k" * 50
os.environ["ENCRYPTION_KEYS"] = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
os.environ["MEDIA_WORKER_KEY"] = "tests-only-media-worker-key"

from voiceops.settings import *  # noqa: E402, F403
