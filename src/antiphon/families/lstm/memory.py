"""What a writer of notes remembers: what sounds, what lay bars ago at the same place, how a repetition would go on.

Axes: N song, T note to be written, U note heard, L lag. All of it is of settled notes and carries no gradient.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

LAGS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Bars back at which a writer looks: songs repeat half bars, bars, and phrases."""

SPAN = 512
"""Notes that are remembered."""

LONGEST_RUN = 8
"""Notes in a row that agree with an earlier passage, counted up to this."""

MOST_SOUNDING = 8
"""Sounding notes are counted up to this."""

LONGEST = 64
"""Steps until a note ends are counted up to this."""

NUM_MORE = 6
"""Classes of how many notes of the chord one lag ago are still to come: -2 to 2, and 5 where there was none."""

FADES = (6.0, 64.0)
"""Steps in which the memory of a pitch fades to a third: the harmony's, and the key's."""

NUM_LAGS = len(LAGS) + 1
"""Lags that are remembered at: those, and the one to the bar that this bar brings back."""

NUM_PLANES = 4 + NUM_LAGS + len(FADES) + 1
"""Kinds of remembered pitches: of the chord so far, sounding, of the last two chords, begun one lag ago, faded, going
on as before."""

_PITCHES, _FURTHEST = 128, 64
_LONG_AGO = 1 << 30
_NEVER = -1


class Heard(NamedTuple):
    """Notes that have been heard: onset, offset, pitch and duration in steps, (N, U) each, int64.

    `run` (N, U) is how many notes up to each agree in pitch and offset with the last ones of all; 0 is none.
    `there` (N, U) is false where nothing was heard yet.
    """

    onset: Tensor
    offset: Tensor
    pitch: Tensor
    duration: Tensor
    run: Tensor
    there: Tensor


class Again(NamedTuple):
    """The note that came next after the latest passage most like the last notes: its offset, pitch and duration in
    steps, and how many notes agree, (N, T) each; a length of 0 is none."""

    offset: Tensor
    pitch: Tensor
    duration: Tensor
    length: Tensor


class Moment(NamedTuple):
    """When a note begins: its onset, its step in the bar and the bar's steps, (N, T) each, int64."""

    onset: Tensor
    place: Tensor
    bar: Tensor


class Sounding(NamedTuple):
    """What still sounds at a moment, (N, T) each: how many notes, and in how many steps the first and the last of them
    end, 0 where there is none."""

    num: Tensor
    soonest: Tensor
    latest: Tensor


class Recall(NamedTuple):
    """What is remembered at a moment: the notes heard, which of them are before it (N, T, U) and how many steps ago
    each began (N, T, U), the lags (N, T, L), and how a repetition would go on."""

    heard: Heard
    before: Tensor
    since: Tensor
    lag: Tensor
    again: Again
    moment: Moment


def recall(heard: Heard, before: Tensor, moment: Moment, again: Again, back: Tensor) -> Recall:
    """What is remembered at a moment of the notes `before` it (N, T, U), `back` (N, T) being the bars to the bar that
    this one brings back, 0 for none."""
    since = moment.onset[:, :, None] - heard.onset[:, None]
    planned = torch.where(back > 0, back * moment.bar, _NEVER)
    return Recall(heard, before, since, torch.cat([lags(moment.bar), planned[:, :, None]], 2), again, moment)


def nothing(num: int, like: Tensor) -> Heard:
    """The memory (num, SPAN) of those who have heard nothing."""
    none = torch.zeros(num, SPAN, dtype=torch.int64, device=like.device)
    return Heard(none, none, none, none, none, none.bool())


def remember(heard: Heard, onset: Tensor, offset: Tensor, pitch: Tensor, duration: Tensor) -> Heard:
    """The memory after one more note (N,), the oldest forgotten."""
    agrees = (heard.pitch == pitch[:, None]) & (heard.offset == offset[:, None]) & heard.there
    run = agrees * (F.pad(heard.run[:, :-1], (1, 0)) + 1).clamp_max(LONGEST_RUN)
    news = (onset, offset, pitch, duration, onset * 0, torch.ones_like(onset, dtype=torch.bool))
    old = (heard.onset, heard.offset, heard.pitch, heard.duration, run, heard.there)
    return Heard(*(torch.cat([then[:, 1:], now[:, None]], dim=1) for then, now in zip(old, news, strict=True)))


def runs(pitch: Tensor, offset: Tensor) -> Tensor:
    """Of notes (N, T): how many up to T agree with those up to U < T, counted to `LONGEST_RUN`, int64 (N, T, U)."""
    agree = (pitch[:, :, None] == pitch[:, None]) & (offset[:, :, None] == offset[:, None])
    agree = agree.tril(-1)
    still, length = agree, agree.to(torch.int64)
    for _ in range(LONGEST_RUN - 1):
        still = F.pad(still[:, :-1, :-1], (1, 0, 1, 0)) & agree
        length += still
    return length


def going_on(heard: Heard, run: Tensor, before: Tensor) -> Again:
    """How the most alike passage went on, for runs (N, T, U) of the notes `before` (N, T, U) each query."""
    num = run.shape[2]
    # What follows must have been heard too.
    follows = F.pad(before[:, :, 1:], (0, 1))
    rank = torch.where(follows, run * num + torch.arange(num, device=run.device), -1)
    best, where = rank.max(2)
    length = torch.where(best >= num, best // num, 0)
    after = (where + 1).clamp_max(num - 1)
    offset, pitch, duration = (column.gather(1, after) for column in (heard.offset, heard.pitch, heard.duration))
    return Again(offset, pitch, duration, length)


def lags(bar: Tensor) -> Tensor:
    """Lags (N, T, L) in steps of bars (N, T) of so many steps."""
    return torch.stack([(bar * lag).long() for lag in LAGS], dim=2)


def sounding(recalled: Recall) -> Sounding:
    """What of the notes heard still sounds: those of the chord so far among them."""
    left = recalled.heard.duration[:, None] - recalled.since
    still = recalled.before & (recalled.since >= 0) & (left > 0)
    num = still.sum(2).clamp_max(MOST_SOUNDING)
    soonest = torch.where(still, left, LONGEST).amin(2).clamp_max(LONGEST)
    latest = torch.where(still, left, 0).amax(2).clamp_max(LONGEST)
    return Sounding(num, torch.where(num > 0, soonest, 0), latest)


def rhythm(recalled: Recall) -> tuple[Tensor, Tensor]:
    """When the next onset came one lag ago, and whether its chord had more notes.

    Returns
    -------
    Steps (N, T, L) to the next onset, 1 to 64, or 0 where there is none so near, and classes (N, T, L) of the notes
    that the chord one lag ago had beyond those of the chord so far.
    """
    before, since = recalled.before, recalled.since
    now = (before & (since == 0)).sum(2)
    gaps, more = [], []
    for lag in recalled.lag.unbind(2):
        ahead = lag[:, :, None] - since
        gap = torch.where(before & (ahead > 0), ahead, _FURTHEST + 1).amin(2)
        gaps.append(torch.where(gap > _FURTHEST, 0, gap))
        then = (before & (ahead == 0)).sum(2)
        more.append(torch.where(then > 0, (then - now).clamp(-2, 2) + 2, NUM_MORE - 1))
    return torch.stack(gaps, 2), torch.stack(more, 2)


def pitches(recalled: Recall, again: Tensor) -> Tensor:
    """Remembered pitches (N, T, `NUM_PLANES`, 128), of which `again` (N, T, 128) are the last plane."""
    heard, before, since = recalled[:3]
    gone = torch.where(before & (since > 0), since, _LONG_AGO)
    last = gone.amin(2, keepdim=True)
    one_before = torch.where(gone > last, gone, _LONG_AGO).amin(2, keepdim=True)
    weights = [before & (since == 0), gone < heard.duration[:, None]]
    weights += [(gone == chord) & (chord < _LONG_AGO) for chord in (last, one_before)]
    weights += [before & (since == lag[:, :, None]) for lag in recalled.lag.unbind(2)]
    faded = [torch.exp(since.clamp_min(0) / -fade) * before for fade in FADES]
    weights = [weight.to(again) for weight in weights]
    weights += [weight.to(again) / weight.sum(2, keepdim=True).clamp_min(1).to(again) for weight in faded]
    stacked = torch.stack(weights, dim=2)
    # One-hot at once in the right type: the detour through whole numbers would cost more than the product.
    sung = again.new_zeros(*heard.pitch.shape, _PITCHES).scatter_(2, heard.pitch[..., None], 1.0)
    planes = (stacked.flatten(1, 2) @ sung).view(*stacked.shape[:3], _PITCHES)
    return torch.cat([planes, again[:, :, None]], dim=2)


def durations(recalled: Recall, pitch: Tensor) -> Tensor:
    """How long the pitch (N, T) sounded that began one lag ago, in steps (N, T, L); 0 where it did not begin there."""
    heard, before, since = recalled[:3]
    same = torch.where(before & (heard.pitch[:, None] == pitch[:, :, None]), heard.duration[:, None], 0)
    return torch.stack([torch.where(since == lag[:, :, None], same, 0).amax(2) for lag in recalled.lag.unbind(2)], 2)
