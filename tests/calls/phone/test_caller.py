from __future__ import annotations

import numpy as np
import pytest

from calls.phone.caller import Caller
from calls.phone.lines import Line, LineError, cut, level, line_from_text, slug

pytestmark = pytest.mark.unit
RATE = 8000
SILENCE = np.zeros(160, np.int16)
VOICE = np.full(160, 4000, np.int16)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def line(frames: int = 10) -> Line:
    return cut(np.full(160 * frames, 5000, np.int16), RATE, "hello")


def run(caller: Caller, clock: Clock, agent: list[np.ndarray]) -> list[bool]:
    """For each frame of the agent's: did the caller speak in it?"""
    spoke = []
    for frame in agent:
        caller.hear(frame)
        spoke.append(level(caller.tick()) > 0)
        clock.now += 0.02
    return spoke


def test_the_caller_waits_until_the_agent_has_spoken_and_fallen_silent() -> None:
    clock = Clock()
    caller = Caller([line()], RATE, clock=clock)
    assert not any(run(caller, clock, [SILENCE] * 100))
    assert not any(run(caller, clock, [VOICE] * 50))
    spoke = run(caller, clock, [SILENCE] * 60)
    assert spoke.index(True) == 39  # 0.8 s after the agent's last word


def test_the_gap_runs_from_the_end_of_speech_to_the_agents_first_audio() -> None:
    clock = Clock()
    caller = Caller([line(10)], RATE, clock=clock)
    run(caller, clock, [VOICE] + [SILENCE] * 50)
    clock.now += 0.4
    caller.agent_audio_arrived(VOICE)
    assert caller.figures.gaps == [pytest.approx(400 + 20 * 1, abs=25)]


def test_barge_in_speaks_over_the_agent_and_measures_until_the_clear() -> None:
    clock = Clock()
    caller = Caller([line()], RATE, barge_in_at=1.0, clock=clock)
    spoke = run(caller, clock, [VOICE] * 60)
    assert spoke.index(True) == 50
    before = clock.now
    caller.cleared()
    assert caller.figures.barge_in == [pytest.approx((before - 100.0 - 50 * 0.02) * 1000, abs=21)]


def test_a_caller_with_nothing_more_to_say_hangs_up() -> None:
    clock = Clock()
    caller = Caller([], RATE, linger=1.0, clock=clock)
    run(caller, clock, [VOICE] * 10 + [SILENCE] * 49)
    assert not caller.wants_hangup
    run(caller, clock, [SILENCE] * 2)
    assert caller.wants_hangup


def test_an_unanswered_line_is_counted_and_the_caller_goes_on() -> None:
    clock = Clock()
    caller = Caller([line(), line()], RATE, clock=clock)
    spoke = run(caller, clock, [VOICE] + [SILENCE] * 800)
    assert caller.figures.unanswered == 1
    assert sum(spoke) == 20


def test_silence_is_no_line() -> None:
    with pytest.raises(LineError, match="silence"):
        cut(np.zeros(1600, np.int16), RATE, "nothing")


def test_an_unknown_sentence_without_a_voice_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LineError, match="flite"):
        line_from_text("quite unheard of", RATE)


def test_a_sentence_names_its_clip() -> None:
    assert slug("I'd like: an Appointment!") == "i_d_like_an_appointment"
