"""What the demo's dental practice knows: three small documents, read by the same steps as any other."""

from __future__ import annotations

from agents.knowledge import actions, jobs
from agents.models import KnowledgeBase
from tenants.clients.models import Client
from tenants.people.models import User

NAME = "practice"

PRICES = """# Prices

All prices are in dollars, for patients without insurance.

## Check-up and cleaning

A check-up with x-rays costs 95 dollars. A cleaning costs 80 dollars and takes forty minutes. Children under twelve pay half.

## Whitening

Whitening costs 300 dollars. Two sessions are needed, about a week apart.

## Implants

A titanium implant costs 1,900 dollars, a ceramic one 2,400 dollars. The crown is not included.

## Paying

You can pay by card or in cash on the day. Above 500 dollars, three monthly payments are possible without interest.
"""
VISIT = """<html><head><title>Visiting us</title></head><body><nav>Home | Team | Contact</nav><main>
<h1>Visiting Bright Dental</h1><h2>Opening hours</h2>
<p>We are open Monday to Thursday from 8 am to 6 pm and on Friday until 2 pm. The practice is closed at weekends.</p>
<h2>Parking</h2><p>There are twelve free parking spaces behind the building; the entrance is on Mill Street.</p>
<h2>Getting in</h2><p>The practice is on the second floor. There is a lift, and a ramp at the side entrance.</p>
</main></body></html>"""
QUESTIONS = """Question,Answer
Do you see children?,"Yes, from the age of three. The first visit is free."
What should I bring?,"A photo ID, your insurance card, and a list of the medicines you take."
How late can I cancel?,"Up to 24 hours before the appointment. After that we charge 40 dollars."
Do you treat emergencies?,"Yes. Call before 10 am and you are seen the same day."
"""
FILES = (("Price list.md", PRICES), ("Visiting us.html", VISIT), ("Questions and answers.csv", QUESTIONS))


def create_demo_knowledge(client: Client, actor: User | None = None) -> KnowledgeBase:
    """Running it again changes nothing."""
    there = KnowledgeBase.objects.filter(client=client, name=NAME).first()
    base = there or actions.create(actor, client, label="Practice handbook", name=NAME)
    for name, text in FILES:
        document = actions.upload(actor, base, name, text.encode())
        jobs.read_document(document.pk)
    return base
