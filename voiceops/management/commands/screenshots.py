"""`manage.py screenshots [--out DIR] [--only NAME …] [--keep]`: pictures of every page, for people to look at."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.agencies import actions as agencies
from tenants.agencies.models import Agency
from voiceops.demo.agency import PASSWORD, PEOPLE, seed

EMPTY_SLUG = "blank-agency"
START_SECONDS = 90


class Command(BaseCommand):
    help = "Take a picture of every page, empty and full, light and dark, wide and narrow. Uses what is running, or starts it."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
        parser.add_argument("--only", action="append", default=[], help="name of a page; several times for several")
        parser.add_argument("--strict", action="store_true", help="exit 1 when a page has a problem")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from tests.browser import pages, shots
            from tests.browser.chromium import chromium, executable
        except ImportError as error:
            raise CommandError(f"Screenshots need the development dependencies: {error}.") from error
        if executable() is None:
            raise CommandError("No Chromium on this machine: install it, or name it in CHROMIUM.")
        wanted = [page for page in pages.PAGES if not options["only"] or page.name in options["only"]]
        if not wanted:
            raise CommandError("No page has that name: tests/browser/pages.py lists them.")
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.enter_context(running(self._say))
            # Before the browser: Playwright's event loop keeps Django from the database.
            demo, (empty, owner) = seed(with_history=True), blank()
            browser = stack.enter_context(chromium())
            people = {role.value: shots.Person(role.value, email, PASSWORD) for role, (email, _) in PEOPLE.items()}
            people["nobody"] = shots.Person("nobody")
            full = shots.Studio(browser, demo.agency.address, settings.PUBLIC_URL, "full", options["out"], self._say)
            for role, person in people.items():
                full.shoot(person, [page for page in wanted if role in page.people])
            blanks = [page for page in wanted if page.empty]
            bare = shots.Studio(browser, empty.address, settings.PUBLIC_URL, "empty", options["out"], self._say)
            bare.shoot(shots.Person("owner", *owner), blanks)
        taken, problems = full.taken + bare.taken, full.problems + bare.problems
        if not taken:
            raise CommandError("No picture was taken.")
        sheet = shots.contact_sheet(options["out"], taken, problems)
        seconds = round(time.monotonic() - started)
        self._say(f"{len(taken)} pictures in {seconds} s, {len(problems)} problems: {sheet}")
        if problems and options["strict"]:
            raise CommandError("Some pages have problems; they are listed above.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def blank() -> tuple[Agency, tuple[str, str]]:
    """An agency where nothing is yet, and its owner's e-mail and password (new each time: nobody else knows it)."""
    from django.contrib.auth import get_user_model
    from django_tenants.utils import schema_context

    email, password = "alice@blank.example", secrets.token_urlsafe(16)
    agency = Agency.objects.filter(slug=EMPTY_SLUG).first()
    if agency is None:
        agency = agencies.provision("Blank Agency", EMPTY_SLUG, agencies.Owner("Alice Okafor", email, password))
    with schema_context(agency.schema_name):
        owner = get_user_model().objects.get(email=email)
        owner.set_password(password)
        owner.save(update_fields=["password"])
    return agency, (email, password)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=3):  # noqa: S310 (our own address, from the settings)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@contextlib.contextmanager
def running(say: Any) -> Iterator[None]:
    """Uses what answers on PUBLIC_URL; where nothing does, runs `manage.py up` meanwhile."""
    if answers(settings.PUBLIC_URL):
        yield
        return
    say("Starting VoiceOps …")
    port = str(settings.PUBLIC_PORT or 8000)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "up", "--port", port]
    process = subprocess.Popen(command, env=os.environ.copy(), stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        until = time.monotonic() + START_SECONDS
        while not answers(settings.PUBLIC_URL):
            if process.poll() is not None or time.monotonic() > until:
                raise CommandError("VoiceOps did not start: run `python manage.py up` to see why.")
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait(30)
