"""Search in one base of 50,000 passages: how long it takes and how often it finds what was planted.

The passages are word-like: 20,000 words, as unevenly used as those of a language that are no stop words (the commonest is
in a third of the passages), 90 to a passage, with random unit vectors of 768 numbers. Two hundred answers are planted. A question is asked with words of its answer and ten that say
little; one of three words was misheard. For meaning, the question's vector is the answer's, turned away by noise (a
cosine of about 0.6), and no word of the answer is said. The server that embeds the question is not part of the figure.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.meter import percentile

PASSAGES = int(os.environ.get("BENCH_PASSAGES", "50000"))
WIDTH = 768
PLANTED = 200
QUESTIONS = 200
AIM_MS = 60.0
SPACE = "bench"


@contextmanager
def database() -> Iterator[None]:
    """An embedded PostgreSQL of its own, as the product starts it, with one agency."""
    from voiceops.local.identity import home_for
    from voiceops.local.postgres import Postgres, programs
    from voiceops.local.process import spawn, stop, wait_ready

    with tempfile.TemporaryDirectory(prefix="voiceops-bench-") as folder:
        state = Path(folder)
        state.chmod(0o711)
        (state / "run").mkdir(mode=0o700)
        postgres = Postgres(home_for(state, programs()), state / "run", state / "postgres.log")
        program = postgres.program()
        process = spawn(program)
        try:
            wait_ready(program, process)
            postgres.ensure_database()
            os.environ.update(
                VOICEOPS_STATE=folder,
                DATABASE_URL=postgres.url(),
                DJANGO_SETTINGS_MODULE="voiceops.settings",
                MEDIA_WORKER_KEY="bench",
            )
            import django

            django.setup()
            from django.core.management import call_command

            from tenants.agencies.actions import Owner, provision

            call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
            provision("Bench", "bench", Owner("Bench", "bench@bench.example", "correct horse battery"))
            from django_tenants.utils import schema_context

            with schema_context("bench"):
                yield
        finally:
            stop(program, process)


class Corpus:
    """Words and vectors, the same on every run."""

    def __init__(self) -> None:
        self.chance = random.Random(7)
        self.numbers = np.random.default_rng(7)
        consonants, vowels = "bcdfghklmnprstvwz", "aeiou"
        self.words = sorted(
            {
                "".join(self.chance.choice(consonants) + self.chance.choice(vowels) for _ in range(length))
                for length in (2, 3, 3, 4, 4, 5)
                for _ in range(4_000)
            }
        )
        self.chance.shuffle(self.words)
        self.weights = [1.0 / (rank + 30) for rank in range(len(self.words))]

    def text(self, words: int) -> list[str]:
        return self.chance.choices(self.words, self.weights, k=words)

    def vectors(self, count: int) -> np.ndarray:
        made = self.numbers.standard_normal((count, WIDTH), dtype=np.float32)
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))

    def turned(self, vector: np.ndarray) -> list[float]:
        noise = self.vectors(1)[0]
        mixed = 0.6 * vector + 0.8 * noise
        return [float(number) for number in mixed / np.linalg.norm(mixed)]


def fill(corpus: Corpus) -> tuple[uuid.UUID, list[tuple[list[str], np.ndarray]]]:
    """The base's client, and of each planted answer its words and its vector."""
    from django.db import connection
    from django.utils import timezone

    from agents.models import KnowledgeBase, KnowledgeDocument, KnowledgeEntry, KnowledgeGeneration
    from tenants.clients.models import Client

    client = Client.objects.create(name="Bench", slug="bench")
    base = KnowledgeBase.objects.create(client=client, name="bench", label="Bench")
    live = KnowledgeGeneration.objects.create(
        base=base, number=1, state="live", language="en", config="english", space=SPACE, background=0.0
    )
    base.live = live
    base.save()
    document = KnowledgeDocument.objects.create(base=base, title="Bench", state="ready", read_at=timezone.now())
    KnowledgeEntry.objects.create(document=document, generation=live, sha256="", passages=PASSAGES)
    planted: list[tuple[list[str], np.ndarray]] = []
    every = PASSAGES // PLANTED
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(f"drop index vectors_{WIDTH}")
        vectors = corpus.vectors(PASSAGES)
        with cursor.copy(
            "copy agents_knowledgevector (id, base_id, space, text_hash, width, embedding) from stdin"
        ) as rows:
            for number, vector in enumerate(vectors):
                numbers = "[" + ",".join(f"{value:.5g}" for value in vector) + "]"
                rows.write_row((number + 1, base.pk, SPACE, f"{number:032x}", WIDTH, numbers))
        columns = "document_id, generation_id, ordinal, heading, text, words, config, vector_id"
        with cursor.copy(f"copy agents_knowledgechunk ({columns}) from stdin") as rows:
            for number in range(PASSAGES):
                words = corpus.text(90)
                if number % every == 0 and len(planted) < PLANTED:
                    told = [f"{corpus.words[number % 9_000 + 9_000]}x", *corpus.text(2)]
                    words[40:40] = told
                    planted.append((told, vectors[number]))
                heading = " ".join(corpus.text(3))
                rows.write_row((document.pk, live.pk, number, heading, " ".join(words), "", "english", number + 1))
        loaded = time.monotonic()
        cursor.execute("set maintenance_work_mem = '512MB'")
        cursor.execute(
            f"create index vectors_{WIDTH} on agents_knowledgevector using hnsw"
            f" ((embedding::halfvec({WIDTH})) halfvec_cosine_ops) where width = {WIDTH}"
        )
        cursor.execute("analyze agents_knowledgechunk, agents_knowledgevector")
    load = os.getloadavg()[0]
    print(f"  load average {load:.1f}", flush=True)
    print(f"  filled in {loaded - began:.0f} s, vectors indexed in {time.monotonic() - loaded:.0f} s", flush=True)
    return client.pk, planted


def processor_seconds() -> float:
    """Of this process and of its session in PostgreSQL: what a search costs, whatever else the machine does."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        (pid,) = cursor.fetchone()
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(
    corpus: Corpus, client: uuid.UUID, planted: Sequence[tuple[list[str], np.ndarray]], said: bool, meant: bool
) -> None:
    """`said`: with words of the answer. `meant`: with a vector near it."""
    from agents.knowledge import search as searching

    took: list[float] = []
    first = among = 0
    spent = processor_seconds()
    for number in range(QUESTIONS):
        told, vector = planted[number % len(planted)]
        words = [*corpus.text(10), *((told[0], told[1], "mumbled") if said else ())]
        corpus.chance.shuffle(words)
        answered: Future[list[float]] = Future()
        answered.set_result(corpus.turned(vector))
        ask = (lambda *_, answered=answered: answered) if meant else (lambda *_: None)
        searching._ask = ask  # type: ignore[assignment]
        began = time.perf_counter()
        found = searching.search(client, ["bench"], " ".join(words))
        took.append((time.perf_counter() - began) * 1000)
        places = [at for at, hit in enumerate(found.hits) if told[0] in hit.text.split()]
        first += bool(places and places[0] == 0)
        among += bool(places)
    kind = {(True, False): "words", (True, True): "words and meaning", (False, True): "meaning"}[said, meant]
    p50, p95 = percentile(took, 50), percentile(took, 95)
    each = (processor_seconds() - spent) / QUESTIONS * 1000
    print(
        f"  {kind:18} p50 {p50:5.1f} ms, p95 {p95:5.1f} ms (aim p95 {AIM_MS:.0f}), longest {max(took):.0f} ms, of the processor {each:.1f} ms;"
        f" the answer first {first / QUESTIONS:.0%}, among five {among / QUESTIONS:.0%}",
        flush=True,
    )


def run() -> None:
    corpus = Corpus()
    with database():
        client, planted = fill(corpus)
        print(f"  {PASSAGES:,} passages, {QUESTIONS} questions each")
        measure(corpus, client, planted, said=True, meant=False)
        measure(corpus, client, planted, said=True, meant=True)
        measure(corpus, client, planted, said=False, meant=True)


if __name__ == "__main__":
    run()
