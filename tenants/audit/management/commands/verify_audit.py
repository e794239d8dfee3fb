"""`manage.py verify_audit [--agency slug] [--expect seq:hash]`: walk the hash chains; exit 1 at the first break."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django_tenants.utils import schema_context

from tenants.agencies.models import Agency
from tenants.audit.queries import verify


class Command(BaseCommand):
    help = "Prove that no audit log was changed, cut in the middle, or (with --expect) cut at the end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agency", help="slug of one agency; every agency and the platform otherwise")
        parser.add_argument("--expect", default="", help="an earlier head, seq:hash, that must still be in the chain")

    def handle(self, *args: Any, **options: Any) -> None:
        agencies = Agency.objects.order_by("slug")
        if options["agency"]:
            agencies = agencies.filter(slug=options["agency"])
            if not agencies.exists():
                raise CommandError(f"There is no agency “{options['agency']}”.")
        elif options["expect"]:
            raise CommandError("--expect belongs to one chain: give --agency too.")
        broken = 0
        for agency in agencies.exclude(status__in=[Agency.Status.PROVISIONING, Agency.Status.FAILED]):
            with schema_context(agency.schema_name):
                verdict = verify(options["expect"])
            if verdict.broken:
                broken += 1
                self.stdout.write(f"{agency.slug}: broken at {verdict.broken.seq}: {verdict.broken.why}")
            else:
                self.stdout.write(f"{agency.slug}: {verdict.events} events, head {verdict.head}")
        if broken:
            raise CommandError(f"{broken} audit log(s) do not hold.")
