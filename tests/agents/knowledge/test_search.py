"""What is asked is found, what nobody wrote down is not known, and nobody reads what is another client's."""

from __future__ import annotations

import pytest
from django_tenants.utils import schema_context

from agents.knowledge import actions, search
from agents.knowledge.search import look_up
from agents.models import KnowledgeBase
from media_worker.contract.tools import ToolOutcome, UseTool
from tests.agents.knowledge.conftest import bring, fill
from tests.fakes.embeddings import FakeEmbeddings
from tests.world import World

pytestmark = pytest.mark.db


def ask(base: KnowledgeBase, question: str, bases: str = "") -> ToolOutcome:
    arguments = {"question": question} | ({"bases": bases} if bases else {})
    return look_up(base.client_id, [base.name], UseTool(tool="knowledge", arguments=dict(arguments), key="k1"))


@pytest.mark.parametrize(
    ("question", "heading", "answer"),
    [
        ("hi I was wondering how much a cleaning costs", "Prices › Cleaning", "80 dollars"),
        ("what is the price of a ceramic implant", "Prices › Implants", "$2,400"),
        ("could you tell me whether you are open on Saturday please", "Opening hours › Saturday", "closed on Saturday"),
        ("is there parking behind the building", "Parking", "twelve free parking spaces"),
        ("how many whitening sessions are needed", "Prices › Whitening", "Two sessions"),
    ],
)
def test_a_question_finds_the_passage_that_answers_it(
    base: KnowledgeBase, question: str, heading: str, answer: str
) -> None:
    outcome = ask(base, question)
    assert outcome.ok
    best = outcome.sources[0]
    assert best.heading == heading
    assert answer in best.text
    assert best.document in ("prices.html", "hours.md")
    assert best.score >= base.threshold
    assert [source.score for source in outcome.sources] == sorted((s.score for s in outcome.sources), reverse=True)


@pytest.mark.parametrize(
    "question",
    [
        "do you repair spaceships on Mars",
        "can I bring my dog to the appointment",
        "who won the football match yesterday",
        "what is the wifi password",
        "",
        "???",
        "' | & ! ( ) :* <-> \\ % ''",
    ],
)
def test_what_nobody_wrote_down_is_not_known(base: KnowledgeBase, question: str) -> None:
    outcome = ask(base, question)
    assert not outcome.ok
    assert outcome.sources == ()
    assert outcome.text


def test_the_text_of_an_outcome_is_what_could_be_said(base: KnowledgeBase) -> None:
    outcome = ask(base, "how many sessions does whitening need")
    assert "Two sessions are needed, a week apart." in outcome.text
    assert len(outcome.text) <= search.LONGEST_EXTRACT


def test_other_words_of_the_same_meaning_are_found_with_embeddings(
    base: KnowledgeBase, meaningful: KnowledgeBase
) -> None:
    question = "make my teeth brighter, how expensive"
    assert not ask(base, question).ok
    outcome = ask(meaningful, question)
    assert outcome.ok
    assert "Whitening costs 300 dollars" in outcome.sources[0].text
    assert outcome.note == ""
    assert not ask(meaningful, "who won the football match yesterday").ok


def test_the_same_question_is_embedded_once(meaningful: KnowledgeBase, embeddings: FakeEmbeddings) -> None:
    before = len(embeddings.batches)
    ask(meaningful, "what does a cleaning cost")
    ask(meaningful, "what does  a cleaning cost ")
    assert len(embeddings.batches) == before + 1


@pytest.mark.parametrize("trouble", ["down", "slow", "rude"])
def test_without_its_server_a_question_is_answered_by_words(
    meaningful: KnowledgeBase, embeddings: FakeEmbeddings, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    monkeypatch.setattr(search, "QUESTION_SECONDS", 0.3)
    if trouble == "slow":
        embeddings.delay = 30.0
    elif trouble == "rude":
        embeddings.status = 500
    else:
        account = meaningful.account
        assert account is not None
        account.base_url = "http://127.0.0.1:9/v1"
        account.save()
    outcome = ask(meaningful, "what does a cleaning cost")
    assert outcome.ok
    assert "80 dollars" in outcome.sources[0].text
    assert outcome.note.startswith("Searched by words alone")
    again = ask(meaningful, "what does whitening cost")
    assert again.ok
    assert again.note


def test_an_agent_reads_its_own_clients_bases_only(agency: World, base: KnowledgeBase) -> None:
    garage = agency.corner_garage
    for names, bases in ((["practice"], ""), (["practice"], "practice"), (["../practice", str(base.pk)], "")):
        use = UseTool(tool="knowledge", arguments={"question": "what does a cleaning cost", "bases": bases}, key="k")
        outcome = look_up(garage.pk, names, use)
        assert not outcome.ok
        assert outcome.sources == ()
    theirs = actions.create(agency.alice, garage, label="Practice", name="practice")
    bring(theirs, "garage.txt", b"A cleaning of the engine costs 45 dollars.")
    use = UseTool(tool="knowledge", arguments={"question": "what does a cleaning cost"}, key="k")
    assert {source.document for source in look_up(garage.pk, ["practice"], use).sources} == {"garage.txt"}
    dental = look_up(agency.bright_dental.pk, ["practice"], use)
    assert "garage.txt" not in {source.document for source in dental.sources}


def test_an_agent_reads_only_the_bases_it_was_given(agency: World, base: KnowledgeBase) -> None:
    secret = actions.create(agency.alice, agency.bright_dental, label="Wages", name="wages")
    bring(secret, "wages.txt", b"The wages of the dentist are 200,000 dollars a year.")
    assert not ask(base, "what are the wages of the dentist", bases="wages").ok
    assert not ask(base, "what are the wages of the dentist").ok
    assert ask(secret, "what are the wages of the dentist").ok


def test_charlies_agents_know_nothing_of_alices_clients(agency: World, base: KnowledgeBase) -> None:
    with schema_context("charlie"):
        assert not ask(base, "what does a cleaning cost").ok


def test_passages_that_say_the_same_come_once(base: KnowledgeBase) -> None:
    bring(
        base,
        "copy.html",
        b"<p>A cleaning costs 80 dollars and takes forty minutes. Children under twelve pay half.</p>",
    )
    sources = ask(base, "what does a cleaning cost").sources
    assert sum("forty minutes" in source.text for source in sources) == 1


def test_the_threshold_says_what_is_known(base: KnowledgeBase) -> None:
    found = search.search(base.client_id, [base.name], "what does a cleaning cost in spring")
    best = found.hits[0].score
    KnowledgeBase.objects.update(threshold=best + 0.01)
    assert search.search(base.client_id, [base.name], "what does a cleaning cost in spring").known == ()
    KnowledgeBase.objects.update(threshold=best)
    assert search.search(base.client_id, [base.name], "what does a cleaning cost in spring").known


@pytest.mark.parametrize(
    ("language", "text", "question", "other"),
    [
        (
            "de",
            "Die Zahnreinigung kostet achtzig Euro.",
            "Was kostet bei Ihnen eine Zahnreinigung?",
            "Wo kann ich parken?",
        ),
        ("ja", "歯のクリーニングの料金は三千円です。", "クリーニングの料金はいくらですか", "駐車場はありますか"),
        ("tlh", "ghot wej puq poH", "puq poH", "jach"),
    ],
)
def test_other_languages_are_searched_too(agency: World, language: str, text: str, question: str, other: str) -> None:
    base = actions.create(agency.alice, agency.bright_dental, label="Other", language=language, threshold=0.4)
    bring(base, "text.txt", text.encode())
    bring(base, "more.txt", b"Something else altogether.")
    assert ask(base, question).ok
    assert not ask(base, other).ok


def test_a_missing_base_is_told_in_the_trace(base: KnowledgeBase) -> None:
    use = UseTool(tool="knowledge", arguments={"question": "what does a cleaning cost"}, key="k")
    outcome = look_up(base.client_id, ["practice", "gone"], use)
    assert outcome.ok
    assert outcome.note == "There is no knowledge base “gone”."


def test_a_larger_base_is_walked_with_the_same_result(
    agency: World, meaningful: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(meaningful, "make my teeth brighter, how expensive")
    monkeypatch.setattr("agents.knowledge.vectors.WHOLE_UP_TO", 0)
    walked = ask(meaningful, "make my teeth brighter, how expensive")
    assert walked.sources == whole.sources


def test_two_bases_are_searched_together(agency: World, base: KnowledgeBase) -> None:
    other = actions.create(agency.alice, agency.bright_dental, label="News", name="news")
    fill(other)
    bring(other, "news.txt", b"From May on a cleaning costs 90 dollars.")
    use = UseTool(tool="knowledge", arguments={"question": "what does a cleaning cost from May on"}, key="k")
    outcome = look_up(base.client_id, ["practice", "news"], use)
    assert outcome.sources[0].document == "news.txt"
    assert {source.document for source in outcome.sources} >= {"news.txt", "prices.html"}
