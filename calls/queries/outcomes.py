"""Which outcomes count as the goal of a call. An outcome is the name of the end node that the call reached."""

from __future__ import annotations

from django.db.models import Q

SHORT_OF_THE_GOAL = frozenset(
    {
        "abandoned",
        "callback",
        "cancelled",
        "declined",
        "disputed",
        "emergency",
        "failed",
        "flow_error",
        "gave_up",
        "handed_over",
        "hardship",
        "message_taken",
        "needs_callback",
        "no_answer",
        "not_interested",
        "not_reached",
        "not_verified",
        "opted_out",
        "outside_hours",
        "represented",
        "transferred",
        "unreachable",
        "voicemail",
        "voicemail_left",
        "withdrawn",
        "wrong_number",
    }
)
GOAL_REACHED = ~Q(outcome="") & ~Q(outcome__in=SHORT_OF_THE_GOAL)


def is_goal(outcome: str) -> bool:
    return bool(outcome) and outcome not in SHORT_OF_THE_GOAL


def words(outcome: str) -> str:
    """`appointment_booked` → `Appointment booked`; `completed` says what people call it."""
    if outcome == "completed":
        return "Goal reached"
    return outcome.replace("_", " ").capitalize()
