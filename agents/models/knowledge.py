"""What a client's agents may read: bases of documents, the passages they were cut into, and their vectors.

A base is searched in its live generation. Another is built beside it when the language, the cutting or the embeddings
change, and takes its place in one moment. A generation keeps what it was made with, so that a search never mixes.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from agents.knowledge.columns import HalfVectorField, RegConfigField, Searchable, SearchableField

THRESHOLD = 0.5


class KnowledgeBase(models.Model):
    """`name` is how flows refer to it. Language, account, model and dimensions are what its staff wants: what is searched
    was made with those of the `live` generation. Without an account it is searched by words alone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey("clients.Client", on_delete=models.PROTECT, related_name="knowledge_bases")
    name = models.CharField(max_length=40)
    label = models.CharField(max_length=80)
    language = models.CharField(max_length=12, default="en")
    account = models.ForeignKey(
        "agents.ProviderAccount", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    model = models.CharField(max_length=120, blank=True)
    dimensions = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(8), MaxValueValidator(3072)]
    )
    threshold = models.FloatField(
        default=THRESHOLD,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Below this score the agent says that it does not know.",
    )
    live = models.ForeignKey(
        "agents.KnowledgeGeneration", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["label"]
        constraints = [models.UniqueConstraint(fields=["client", "name"], name="one_base_per_name")]

    def __str__(self) -> str:
        return self.label


class Claimable(models.Model):
    """Work that one process at a time does. A claim that ran out was left by a crash; `attempts` counts them."""

    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Not before; empty: at once.")

    class Meta:
        abstract = True

    def is_claimed(self, now: datetime) -> bool:
        return self.claimed_until is not None and self.claimed_until > now


class KnowledgeGeneration(Claimable):
    """One way of cutting and embedding all documents of a base. `space` names the account's model and its dimensions:
    vectors of one space can be compared; without one there are none. `background` is how alike two of its passages are
    that have nothing to do with each other."""

    class State(models.TextChoices):
        BUILDING = "building", "Being built"
        LIVE = "live", "Live"
        FAILED = "failed", "Failed"
        RETIRED = "retired", "Replaced"

    base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="generations")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.BUILDING)
    language = models.CharField(max_length=12)
    config = models.CharField(max_length=40)
    account = models.ForeignKey("agents.ProviderAccount", null=True, on_delete=models.SET_NULL, related_name="+")
    model = models.CharField(max_length=120, blank=True)
    dimensions = models.PositiveSmallIntegerField(null=True)
    space = models.CharField(max_length=16, blank=True)
    background = models.FloatField(null=True)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["base", "number"], name="one_generation_per_number"),
            models.UniqueConstraint(
                fields=["base"], condition=Q(state="building"), name="one_generation_built_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base} {self.number}"


class KnowledgeDocument(Claimable):
    """A file that was brought, or a page that is fetched. `sha256` is that of the file as it came, which lies sealed in
    the store. With an older reading of it in the index, a failed one is still found as it was."""

    class Source(models.TextChoices):
        UPLOAD = "upload", "Uploaded"
        PAGE = "page", "Web page"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READING = "reading", "Being read"
        INDEXING = "indexing", "Being indexed"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="documents")
    title = models.CharField(max_length=300)
    source = models.CharField(max_length=6, choices=Source.choices, default=Source.UPLOAD)
    url = models.CharField(max_length=2000, blank=True)
    follow = models.PositiveSmallIntegerField(default=0, help_text="So many pages it links to are added as well.")
    fetch = models.BooleanField(default=False, help_text="The page is to be fetched before it is read.")
    kind = models.CharField(max_length=8, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    passages = models.PositiveIntegerField(default=0)
    storage_key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["title", "created_at"]
        constraints = [
            models.UniqueConstraint(fields=["base", "url"], condition=~Q(url=""), name="one_document_per_page")
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["waiting", "reading", "indexing"]),
                name="documents_to_be_read",
            )
        ]

    def __str__(self) -> str:
        return self.title


class KnowledgeEntry(models.Model):
    """This reading of a document (by its sha256) is in this generation, whole."""

    document = models.ForeignKey(KnowledgeDocument, on_delete=models.CASCADE, related_name="entries")
    generation = models.ForeignKey(KnowledgeGeneration, on_delete=models.CASCADE, related_name="entries")
    sha256 = models.CharField(max_length=64)
    passages = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "generation"], name="one_entry_per_generation")]

    def __str__(self) -> str:
        return f"{self.document_id} in {self.generation_id}"


class KnowledgeVector(models.Model):
    """What a text is in a space; found again by the text's hash, so that no text is embedded twice."""

    base = models.ForeignKey(KnowledgeBase, on_delete=models.CASCADE, related_name="+")
    space = models.CharField(max_length=16)
    text_hash = models.CharField(max_length=32)
    width = models.PositiveSmallIntegerField()
    embedding = HalfVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["base", "space", "text_hash"], name="one_vector_per_text")]

    def __str__(self) -> str:
        return f"{self.space} {self.text_hash}"


class KnowledgeChunk(models.Model):
    """A passage. `heading` is the path of headings above it; `words` are further words to be found by, where a language
    writes no spaces between them."""

    generation = models.ForeignKey(KnowledgeGeneration, on_delete=models.CASCADE, related_name="+")
    document = models.ForeignKey(KnowledgeDocument, on_delete=models.CASCADE, related_name="+")
    ordinal = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True)
    heading = models.CharField(max_length=300, blank=True)
    text = models.TextField()
    words = models.TextField(blank=True)
    config = RegConfigField()
    vector = models.ForeignKey(KnowledgeVector, null=True, on_delete=models.RESTRICT, related_name="chunks")
    search = models.GeneratedField(
        expression=Searchable(F("config"), F("heading"), F("text"), F("words"), F("generation")),
        output_field=SearchableField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "generation", "ordinal"], name="one_chunk_per_place")
        ]
        indexes = [GinIndex(fields=["search"], name="chunks_by_word", fastupdate=False)]

    def __str__(self) -> str:
        return f"{self.document_id} {self.ordinal}"
