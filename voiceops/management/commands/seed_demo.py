"""`manage.py seed_demo [--json] [--with-history]`: a demo agency to try everything with."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from voiceops.demo.agency import PASSWORD, PEOPLE, Demo, is_local, seed
from voiceops.lib.errors import VoiceOpsError


class Command(BaseCommand):
    help = "Make the demo agency: two clients, people of every role, agents, a number. Running it again is harmless."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print where and who as JSON, and nothing else")
        parser.add_argument("--with-history", action="store_true", help="add two weeks of made-up calls")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            demo = seed(with_history=options["with_history"])
        except OperationalError as error:
            raise CommandError("The database does not answer: start it with `python manage.py up`.") from error
        except ProgrammingError as error:
            raise CommandError(
                "The tables are missing or old: run `python manage.py up`, or `migrate_schemas`."
            ) from error
        except VoiceOpsError as error:
            raise CommandError(error.sentence) from error
        if not is_local():
            self.stderr.write(f"The demo’s password is known to everybody, and {demo.agency.address} may be public.")
        self.stdout.write(json.dumps(demo.as_json(), indent=1) if options["json"] else _described(demo))


def _described(demo: Demo) -> str:
    people = "\n".join(f"  {role.label:<14} {email}" for role, (email, _) in PEOPLE.items())
    return f"{demo.agency.address}\n{people}\n  password       {PASSWORD}\n  number         {demo.number.number}"
