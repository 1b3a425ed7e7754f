"""What is settled before anything is measured: at which length performances are compared, and whether songs have beats.

Most figures of a performance grow with its length, and two sets are alike only at one length that both have: a song
that does not reach the stated length is left out, on either side. Beats of a file that was played freely are those of
its clock, 120 a minute, and nobody hears them.
"""

from dataclasses import dataclass, replace

import numpy as np

from antiphon.data.judge import flags
from antiphon.errors import InputError
from antiphon.evaluation.metrics.performance import performance_of_score
from antiphon.evaluation.suite.gather import UnusableError, gather
from antiphon.evaluation.suite.parts import PROTOCOLS, Setting
from antiphon.evaluation.suite.plan import Plan
from antiphon.evaluation.suite.songs import Songs

STATED_TOKENS = 2048
"""Tokens to which performances are cut unless another length is stated; less where a tenth of a side's songs have
fewer."""

SHORTER = 0.1
"""Share of the songs of a side that may be shorter than the length that is chosen."""

_MOST_REAL, _FEW_TOKENS = 200, 256


@dataclass(frozen=True)
class _Glance:
    """What a first look at some songs shows: their tokens, and whether most are played without beats."""

    name: str
    tokens: tuple[int, ...]
    played: bool

    @property
    def reached(self) -> int:
        """Tokens that all but a tenth of the songs have."""
        return sorted(self.tokens)[int(SHORTER * len(self.tokens))]


def settled(plan: Plan, setting: Setting, made: Songs, real: Songs | None) -> tuple[Setting, tuple[str, ...]]:
    """A setting with the length, the prime and the beats of both sides, and sentences on what that leaves out.

    The length is what the plan states, 0 tokens being whole pieces. Else it is `STATED_TOKENS`, or what nine in ten
    songs of each side have, silent ones not counted.

    Raises
    ------
    InputError
        If the prime is as long as what is measured.
    """
    parts = PROTOCOLS[plan.protocol]
    stated = plan.tokens is not None or plan.seconds is not None
    setting = replace(setting, tokens=plan.tokens or None, seconds=plan.seconds, prime_tokens=plan.prime_tokens or None)
    if "notes" not in parts:
        setting = replace(setting, beats="performance" not in parts)
        if stated or setting.beats:
            return _with_prime(setting), ()
    seen = [_glance(songs, most, plan.workers) for songs, most in ((made, None), (real, _MOST_REAL)) if songs]
    seen = [glance for glance in seen if glance.tokens]
    played = [glance.name for glance in seen if glance.played] if "notes" in parts else []
    setting, remarks = replace(setting, beats=setting.beats and not played), _without_beats(played, plan.protocol)
    if not stated and ("performance" in parts or played):
        tokens = min([STATED_TOKENS, *(glance.reached for glance in seen)])
        setting, remarks = replace(setting, tokens=tokens), (*remarks, *_short(seen, tokens))
    return _with_prime(setting), remarks


def _with_prime(setting: Setting) -> Setting:
    prime, tokens = setting.prime_tokens, setting.tokens
    if prime and tokens and prime >= tokens:
        raise InputError(
            f"prime_tokens {prime}: performances are compared at their first {tokens} tokens, which must be more than "
            "the prime; give the prime's own length, or state a larger one with --tokens"
        )
    return setting


def _without_beats(names: list[str], protocol: str) -> tuple[str, ...]:
    if not names:
        return ()
    left_out = "performance" in PROTOCOLS[protocol]
    then = (
        "what needs beats (bars, rolls, rhythm, harmony, form) is left out"
        if left_out
        else "what is measured in beats is measured against beats that nobody hears"
    )
    return (
        f"{' and '.join(names)}: most songs are played without beats, on a clock of 120 a minute; both sides are heard "
        f"in seconds with their pedal, and {then}.",
    )


def _short(seen: list[_Glance], tokens: int) -> tuple[str, ...]:
    if tokens >= _FEW_TOKENS:
        return ()
    names = " and ".join(glance.name for glance in seen if glance.reached == tokens)
    return (
        f"{names}: more than a tenth of the songs have hardly more than {tokens} tokens, so that performances are "
        "compared at that length; state a larger one with --tokens to leave such songs out.",
    )


def _glance(songs: Songs, most: int | None, workers: int | None) -> _Glance:
    num = len(songs) if most is None else min(most, len(songs))
    chosen = songs.only(np.linspace(0, len(songs) - 1, num).astype(np.int64)) if num else songs
    found = gather(chosen, _tokens_and_playing, "count tokens", workers).found
    tokens = tuple(tokens for tokens, _ in found)
    return _Glance(songs.name, tokens, bool(found) and float(np.mean([played for _, played in found])) >= 0.5)


def _tokens_and_playing(songs: Songs, index: int) -> tuple[int, bool]:
    score = songs.score(index)
    tokens = len(performance_of_score(score))
    if not tokens:
        raise UnusableError("no note of a piano sounds in it")
    return tokens, flags(score).performed
