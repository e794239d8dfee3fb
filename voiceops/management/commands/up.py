from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from voiceops.env import env, envint
from voiceops.lib.errors import StoreError
from voiceops.local.up import Options, cores, up
from voiceops.migrating import migrate


class Command(BaseCommand):
    help = "Runs all of VoiceOps on this machine: database, Redis, web, media workers and jobs. Ctrl-C stops it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=env("VOICEOPS_HOST", "127.0.0.1"), help="address to listen on")
        parser.add_argument("--port", type=int, default=envint("VOICEOPS_PORT", 8000))
        parser.add_argument("--media-workers", type=int, default=envint("VOICEOPS_MEDIA_WORKERS", cores()))
        parser.add_argument("--capacity", type=int, default=envint("VOICEOPS_MEDIA_CAPACITY", 20), help="calls each")

    def handle(self, **options: Any) -> None:
        chosen = Options(
            host=options["host"],
            port=options["port"],
            media_workers=options["media_workers"],
            capacity=options["capacity"],
            drain_seconds=float(envint("VOICEOPS_DRAIN_SECONDS", 30)),
        )
        try:
            up(chosen, migrate, self._say)
        except StoreError as error:
            raise CommandError(error.sentence) from error
        except OSError as error:  # a disk or a folder that failed under our own hands
            raise CommandError(f"{error.filename or 'The state folder'}: {error.strerror}.") from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        sys.stdout.flush()
