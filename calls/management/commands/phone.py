"""A software phone: calls a number here as a carrier would, speaks, listens and reports."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calls.phone import dial, report
from calls.phone.caller import Caller
from calls.phone.lines import LineError, line_from_text, line_from_wav


class Command(BaseCommand):
    help = "Call a number of this installation with a software phone, over real HTTP and websockets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--carrier", choices=sorted(dial.RATES), default="twilio")
        parser.add_argument("--to", required=True, help="the number to call, with the plus")
        parser.add_argument("--from", dest="caller", default="+14155550142", help="the caller's number")
        parser.add_argument("--agency", default="", help="its address, where several own the number")
        parser.add_argument("--say", action="append", default=[], help="a line of the caller's; may be repeated")
        parser.add_argument("--wav", type=Path, action="append", default=[], help="the caller's line as audio")
        parser.add_argument("--barge-in-at", type=float, help="speak over the agent, seconds after it began")
        parser.add_argument("--hangup-after", type=float, help="hang up after so many seconds")
        parser.add_argument("--save", type=Path, help="keep what was heard as a WAV file")
        parser.add_argument("--json", action="store_true", help="print the report as JSON and nothing else")

    def handle(self, **options: Any) -> None:
        rate = dial.RATES[options["carrier"]]
        try:
            lines = [line_from_text(text, rate) for text in options["say"]]
            lines += [line_from_wav(path, rate) for path in options["wav"]]
            destination = dial.find(options["to"], options["agency"])
            caller = Caller(lines, rate, options["barge_in_at"], options["hangup_after"])
            heard = dial.call(destination, options["carrier"], caller, options["caller"])
            call = dial.stored(destination, heard)
        except (report.PhoneError, LineError) as error:
            raise CommandError(str(error)) from error
        if options["save"]:
            heard.save(options["save"])
        result = report.as_json(heard, call)
        if options["json"]:
            self.stdout.write(json.dumps(result, indent=2))
        else:
            self._tell(result)

    def _tell(self, result: dict[str, Any]) -> None:
        for turn in result["transcript"]:
            self.stdout.write(f"{'caller' if turn['role'] == 'user' else 'agent ':6}  {turn['text']}")
        gap = result["gap_ms"]["p50"]
        self.stdout.write(
            f"{result['status']} ({result['ended_reason']}); heard {result['heard_seconds']} s; "
            + (f"answered after {gap} ms" if gap is not None else "no answer to measure")
        )
