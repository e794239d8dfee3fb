from __future__ import annotations

import pytest

from agents.content import read
from agents.generate import Generated, Request, builtin
from agents.generate.facts import Facts, read_facts
from agents.generate.hours import openings
from media_worker.contract.flow import ConversationNode, Flow, Intent
from tests.agents.conversations import ring

pytestmark = pytest.mark.unit

DENTAL = (
    "Front desk of the dental practice Bright Dental. Books appointments. We're open Mon-Fri 8am-5pm and Sat 9-1. "
    "We are located at 120 Main Street, Springfield. Call us on (415) 555-2671. We offer cleanings, fillings and "
    "root canals. Parking is free behind the building. They accept Delta insurance. A cleaning costs 90 dollars."
)
EVERYTHING = Facts(
    "Bright Dental",
    "Monday to Friday 8 am to 5 pm",
    "120 Main Street",
    "4 1 5",
    "cleanings",
    {"parking": "Parking is free."},
    "+14155552671",
)


def make(purpose: str, call_type: str = "inbound", business: str = "Bright Dental") -> Generated:
    return builtin.generate(Request(purpose, business, call_type))


def intents(flow: Flow) -> list[Intent]:
    own = [intent for node in flow.nodes if isinstance(node, ConversationNode) for intent in node.intents]
    return [*flow.intents, *own]


@pytest.mark.parametrize("name", builtin.names())
@pytest.mark.parametrize("facts", [Facts("Bright Dental"), EVERYTHING], ids=["bare", "full"])
def test_every_template_makes_an_agent_without_a_single_problem(name: str, facts: Facts) -> None:
    reading = read(builtin.fill(name, facts).document())
    assert reading.content is not None
    assert [str(problem) for problem in reading.problems] == []
    for intent in intents(reading.content.flow):
        assert len(intent.examples) >= 6, intent.name


@pytest.mark.parametrize("name", builtin.names())
def test_no_template_leaves_a_hole_of_its_own(name: str) -> None:
    def texts(here: object) -> list[str]:
        if isinstance(here, str):
            return [here]
        parts = here.values() if isinstance(here, dict) else here if isinstance(here, list | tuple) else ()
        return [text for part in parts for text in texts(part)]

    for text in texts(builtin.fill(name, Facts("Bright Dental")).document()):
        assert "[" not in text
        assert ".." not in text


def test_facts_are_read_from_a_description() -> None:
    facts = read_facts(DENTAL, "Bright Dental")
    assert facts.hours == "Monday to Friday 8 am to 5 pm and Saturday 9 am to 1 pm"
    assert facts.address == "120 Main Street, Springfield"
    assert facts.phone == "4 1 5, 5 5 5, 2 6 7 1"
    assert facts.transfer == ""
    assert facts.services == "cleanings, fillings and root canals"
    assert facts.answers == {
        "parking": "Parking is free behind the building.",
        "insurance": "We accept Delta insurance.",
        "prices": "A cleaning costs 90 dollars.",
    }


def test_a_number_to_put_callers_through_to_is_not_the_businesss_own() -> None:
    text = "Call us on (415) 555-2671. If somebody is upset, put them through to (415) 555-2000."
    facts = read_facts(text, "Bright Dental")
    assert facts.transfer == "+14155552000"
    assert facts.phone == "4 1 5, 5 5 5, 2 6 7 1"
    assert read_facts("Transfer angry callers to 12.", "Bright Dental").transfer == ""
    made = make(text)
    assert made.found["puts through to"] == "+14155552000"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Monday to Wednesday 8 am to 5 pm", ["mon 08:00-17:00", "tue 08:00-17:00", "wed 08:00-17:00"]),
        ("8 am to 12 pm Saturday, 9 am to 1 pm Sunday", ["sat 08:00-12:00", "sun 09:00-13:00"]),
        ("Saturday 8 am to 12 pm and 1 pm to 12 am, closed on Sunday", ["sat 08:00-12:00", "sat 13:00-24:00"]),
        ("Friday to Saturday 6:30 pm to 2 am", ["fri 18:30-02:00", "sat 18:30-02:00"]),
        ("weekends 9 am to 5 pm", ["sat 09:00-17:00", "sun 09:00-17:00"]),
        ("9 am to 5 pm", []),
        ("around the clock, every day", []),
        ("Monday 13 am to 99:99 pm", []),
        ("", []),
    ],
)
def test_hours_become_openings_only_where_they_are_plain(said: str, found: list[str]) -> None:
    assert [f"{o.day} {o.begin}-{o.end}" for o in openings(said).openings] == found


@pytest.mark.parametrize(
    ("purpose", "call_type", "template"),
    [
        (DENTAL, "inbound", "clinic"),
        ("Front desk that books appointments for a hair salon", "inbound", "booking"),
        ("Front desk of our office, takes messages", "inbound", "front_desk"),
        ("Takes table reservations for our pizzeria", "inbound", "restaurant"),
        ("Call people who asked for a quote and qualify the lead", "outbound", "leads"),
        ("Remind patients of their appointment and confirm it", "outbound", "reminder"),
        ("Customers ask where their order is", "inbound", "orders"),
        ("Technical support helpdesk", "inbound", "support"),
        ("A satisfaction survey after a visit", "outbound", "survey"),
        ("Booking line of a hair salon, also moves appointments", "inbound", "booking"),
        ("Calls customers about overdue invoices", "outbound", "debts"),
        ("Takes calls of buyers and renters for our real estate office", "inbound", "real_estate"),
        ("Screens applicants and books interviews", "both", "recruitment"),
        ("", "inbound", "front_desk"),
        ("", "outbound", "leads"),
    ],
)
def test_the_words_of_a_description_choose_the_template(purpose: str, call_type: str, template: str) -> None:
    assert make(purpose, call_type, "Acme").template == template


def test_a_template_that_was_chosen_is_taken() -> None:
    assert builtin.generate(Request(DENTAL, "Luigi", template="restaurant")).template == "restaurant"
    assert builtin.generate(Request(DENTAL, "Luigi", template="../common")).template == "clinic"


def test_the_same_description_always_makes_the_same_agent() -> None:
    assert make(DENTAL).content == make(DENTAL).content


def test_a_caller_books_an_appointment_and_asks_for_the_hours() -> None:
    talk = ring(make(DENTAL).content)
    assert "Bright Dental" in talk.said[0]
    assert "day and time" in talk.caller("I would like to book an appointment")
    assert "Thursday" in talk.caller("next Thursday at three")
    talk.caller("yes")
    booked = talk.caller("my name is Alice Cooper")
    assert "Alice Cooper" in booked
    assert "Thursday" in booked
    assert "3 pm" in booked
    assert "Monday to Friday" in talk.caller("what are your opening hours")
    talk.caller("goodbye")
    assert talk.ended == "booked"
    assert talk.fallbacks == 0


def test_a_question_in_between_is_answered_and_the_open_one_asked_again() -> None:
    talk = ring(make(DENTAL).content)
    talk.caller("I would like to book an appointment")
    said = talk.caller("what are your opening hours")
    assert said.index("Monday to Friday") < said.index("day and time")


def test_a_caller_whom_it_does_not_understand_may_leave_a_message() -> None:
    talk = ring(make(DENTAL).content)
    for words in ("purple elephants", "flying teapots", "hm"):
        said = talk.caller(words)
    assert "call you back" in said
    talk.caller("Bob Miller")
    talk.caller("the leaking roof")
    assert talk.variables["caller_name"] == "Bob Miller"
    assert talk.variables["message"] == "the leaking roof"
    talk.caller("no thank you")
    assert talk.ended == "message_taken"


@pytest.mark.parametrize("name", builtin.names())
def test_silence_never_runs_in_a_circle(name: str) -> None:
    talk = ring(builtin.fill(name, Facts("Bright Dental")))
    for _ in range(20):
        if talk.ended:
            break
        talk.caller("")
    assert talk.ended


@pytest.mark.parametrize(
    "purpose",
    [
        "word " * 10_000,
        "<script>alert(1)</script><b>Front desk</b> &lt;img src=x&gt;",
        "{{ 7*7 }} {% include 'secret' %} [business] [hours] ${jndi} {{caller|x}}",
        "予約を取る歯科の受付をお願いします",
        "Nimmt Anrufe für die Praxis entgegen und vereinbart Termine. Wir sind bitte freundlich.",
        "مكتب استقبال لعيادة الأسنان",
        "\x00\x01\u202e\ud800 front desk".encode("utf-8", "ignore").decode(),
        "open " + "9-5 " * 3000,
        "called " + "A" * 5000 + " " + "Aa " * 3000,
        "located at " + "1 " * 5000 + "Street",
        "we offer " + "x, " * 5000,
        "(" * 5000 + "1234567890" * 500,
    ],
    ids=lambda text: ascii(text[:20]),
)
@pytest.mark.parametrize("call_type", ["inbound", "outbound", "both"])
@pytest.mark.timeout(10)
def test_hostile_descriptions_make_a_working_agent(purpose: str, call_type: str) -> None:
    made = make(purpose, call_type)
    assert read(made.content.document()).blocking == ()
    spoken = made.content.model_copy(update={"flow": made.content.flow.model_copy(update={"prompt": ""})})
    text = spoken.model_dump_json()
    assert "<script" not in text
    assert "7*7" not in text
    assert "{%" not in text
    talk = ring(made.content)
    assert talk.said[0]
    talk.caller("goodbye")
    assert talk.ended


def test_another_language_is_said_so() -> None:
    notes = make("Nimmt Anrufe für die Praxis entgegen und vereinbart Termine mit den Patienten.").notes
    assert any("German" in note for note in notes)
    assert not any("looks" in note for note in make(DENTAL).notes)
