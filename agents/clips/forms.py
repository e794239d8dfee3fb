"""What people type about a recorded phrase."""

from __future__ import annotations

from django import forms

from agents.models import VoiceClip


class ClipForm(forms.Form):
    words = forms.CharField(
        label="What is said, word for word",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Hello, and welcome to Bright Dental."}),
        help_text="Wherever the agent would say exactly this, callers hear the recording.",
    )
    kind = forms.ChoiceField(
        label="When it is played",
        choices=[
            (VoiceClip.Kind.PHRASE, "When the agent says these words"),
            (VoiceClip.Kind.FILLER, "Also while callers wait for an answer"),
            (VoiceClip.Kind.APOLOGY, "Also when nothing else works, before the call ends"),
        ],
        widget=forms.RadioSelect,
        initial=VoiceClip.Kind.PHRASE,
    )
    name = forms.CharField(
        max_length=40,
        required=False,
        help_text="For instructions: [clip:name]. Left empty, it is made from the words.",
        widget=forms.TextInput(attrs={"placeholder": "welcome", "autocomplete": "off"}),
    )
    voice = forms.CharField(
        max_length=200,
        required=False,
        label="Whose voice",
        help_text="The voice the agent speaks with, if it is a clone of this one.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class NewClipForm(ClipForm):
    file = forms.FileField(
        label="Or a sound file",
        required=True,
        error_messages={"required": "Record it, or choose a file."},
        widget=forms.FileInput(attrs={"accept": ".wav,.mp3,.ogg,.flac,audio/wav,audio/mpeg,audio/ogg,audio/flac"}),
        help_text="WAV, MP3, OGG or FLAC, up to a minute.",
    )
    for_client = forms.BooleanField(label="For all agents of this client", required=False)
