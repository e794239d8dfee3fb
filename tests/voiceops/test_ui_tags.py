from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.template import Context, engines
from django.test import RequestFactory
from django.utils import timezone

pytestmark = pytest.mark.unit


def shown(source: str, **context: Any) -> str:
    return engines["django"].from_string(source).template.render(Context(context))


def test_a_status_is_icon_and_word_and_tone() -> None:
    html = shown('{% badge "call" "in_progress" %}')
    assert 'class="badge live"' in html
    assert "#audio-lines" in html
    assert "Live" in html


def test_a_status_that_nobody_knows_is_shown_as_it_is_called() -> None:
    assert "Half done" in shown('{% badge "call" "half_done" %}')


def test_a_phone_number_carries_its_dialable_form_on_the_copy_button() -> None:
    html = shown("{% phone number %}", number="+14155550133")
    assert "(415) 555-0133" in html
    assert 'data-copy="+14155550133"' in html


def test_names_that_people_typed_are_escaped_everywhere() -> None:
    evil = '"><script>alert(1)</script>'
    for source in (
        "{% phone x %}",
        "{% copy x %}",
        '{% badge "call" x %}',
        '{% badge "call" "ended" x %}',
        "{% sparkline None x %}",
    ):
        assert "<script>" not in shown(source, x=evil)


def test_a_recent_moment_is_kept_true_by_the_page_and_an_old_one_stands_still() -> None:
    now = timezone.now()
    assert "data-relative" in shown("{% when x %}", x=now - timedelta(minutes=3))
    assert "data-relative" not in shown("{% when x %}", x=now - timedelta(days=3))
    assert shown("{% when x %}", x=None) == "—"


def test_a_changed_query_keeps_the_rest_and_forgets_the_page() -> None:
    request = RequestFactory().get("/calls/", {"agent": "a", "status": "live", "cursor": "99"})
    assert QueryDict(shown("{% query status='ended' %}", request=request)[1:].replace("&amp;", "&")).dict() == {
        "agent": "a",
        "status": "ended",
    }


def test_a_waterfall_shows_only_the_stages_that_took_place() -> None:
    html = shown(
        "{% waterfall x %}", x={"speech_end_ms": 100, "turn_end_ms": 300, "llm_start_ms": None, "on_wire_ms": 900}
    )
    assert "Hears the end" in html
    assert "200 ms" in html
    assert "Model" not in html
    assert shown("{% waterfall x %}", x={}) == ""


class Booking(forms.Form):
    name = forms.CharField(help_text="As on the door.")
    kind = forms.ChoiceField(choices=[("a", "Answers"), ("b", "Calls")], widget=forms.RadioSelect)
    note = forms.CharField(required=False)


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong_beside_the_field() -> None:
    form = Booking({"name": "", "kind": "b", "note": "Ask for <Bob>"})
    form.is_valid()
    html = shown("{{ form }}", form=form)
    assert "Ask for &lt;Bob&gt;" in html
    assert "This field is required." in html
    assert 'aria-describedby="id_name_helptext' in html
    assert 'aria-invalid="true"' in html
    assert html.count('class="choice"') == 2
    assert "optional" in html
