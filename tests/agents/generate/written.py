"""What a good language model answers when it is asked for an agent."""

from __future__ import annotations

from typing import Any

PURPOSE = "Books visits. Parking behind the house. Put upset callers through to +1 415 555 2671."

WRITTEN: dict[str, Any] = {
    "language": "en",
    "greeting": "Hi, this is the virtual assistant of Bright Dental. What can I do for you?",
    "prompt": "You answer for Bright Dental.",
    "goals": ["Book"],
    "start": "help",
    "variables": [],
    "openings": [{"day": "thu", "begin": "08:00", "end": "17:00"}],
    "intents": [
        {"name": "Goodbye", "examples": ["goodbye", "bye", "see you"], "answer": "", "goto": "bye"},
        {"name": "a person", "examples": ["a person please", "speak to someone"], "answer": "", "goto": "through"},
    ],
    "nodes": [
        {
            "id": "help",
            "type": "conversation",
            "say": "",
            "prompt": "Find out what they need.",
            "intents": [
                {"name": "book", "examples": ["book a visit", "I need an appointment"], "answer": "", "goto": "details"},
                {"name": "parking", "examples": ["where can I park"], "answer": "Behind the house.", "goto": None},
            ],
            "when": [],
            "decisions": [],
            "extract": [],
            "knowledge": False,
            "fallback": ["Sorry, what was that?"],
            "fallback_goto": "",
        },
        {
            "id": "details",
            "type": "collect",
            "slots": [
                {"name": "day", "type": "date", "ask": "Which day?", "reask": "", "choices": [], "confirm": False, "required": True},
                {"name": "name", "type": "name", "ask": "What's your name?", "reask": "", "choices": [], "confirm": False, "required": True},
            ],
            "prompt": "Take the details.",
            "done": "",
            "when": [],
            "next": "check open",
            "give_up": None,
        },
        {
            "id": "check_open",
            "type": "branch",
            "cases": [{"when": "open(day + 'T10:00')", "goto": "booked"}],
            "otherwise": "closed",
        },
        {"id": "closed", "type": "say", "text": "We are closed then.", "next": "help"},
        {"id": "booked", "type": "end", "text": "Thanks, {{name}}. Goodbye.", "outcome": "booked"},
        {"id": "through", "type": "transfer", "to": "415-555-2671", "say": "One moment.", "failed": "bye", "failed_say": "Sorry."},
        {"id": "bye", "type": "end", "text": "Goodbye.", "outcome": "completed"},
    ],
    "tests": [
        {
            "name": "Books a visit",
            "turns": [
                {"caller": "I need an appointment", "reaches": "details"},
                {"caller": "next Thursday", "reaches": "nowhere"},
                {"caller": "Bob Miller", "reaches": "booked"},
            ],
            "outcome": "booked",
        },
        {"name": "Expects nothing", "turns": [{"caller": "hello", "reaches": ""}], "outcome": "unheard_of"},
    ],
}  # fmt: skip
