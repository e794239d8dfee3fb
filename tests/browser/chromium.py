"""The distribution's Chromium, driven by Playwright; nothing of it reaches beyond this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def executable() -> str | None:
    """Where Chromium is: CHROMIUM, or on the path; None when there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def chromium(microphone: str | None = None) -> Iterator[Browser]:
    """A headless browser. `microphone` is a WAV file that its microphone hears; without one it hears beeps."""
    devices = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    if microphone:
        devices.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=[*QUIET, *devices])
        try:
            yield browser
        finally:
            browser.close()
