"""Performances are written token by token: the same whatever is beside them, for as long as asked, never stuck."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from antiphon.codecs.performance import NUM_TOKENS, PADDING, START, performance_of
from antiphon.families.transformer.config import TransformerConfig
from antiphon.families.transformer.designs import LstmNetwork, ModernNetwork, XlNetwork
from antiphon.families.transformer.generator import Generator, Memory
from antiphon.writers.performances import PerformanceWriter, _Keys
from antiphon.writers.token_choices import Manner

SIZES: dict[str, Any] = {"num_layers": 2, "width": 16, "num_heads": 2, "feedforward": 16}
DESIGNS: dict[str, dict[str, Any]] = {
    "modern": {"network": ModernNetwork(**SIZES, span=24), "segment": 24},
    "xl": {"network": XlNetwork(**SIZES), "segment": 8, "memory": 24},
    "lstm": {"network": LstmNetwork(num_layers=2, width=16), "segment": 8, "memory": 1},
}


def writer(design: str = "modern") -> PerformanceWriter:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        objective = TransformerConfig(**DESIGNS[design]).build().eval()
        with torch.no_grad():
            for parameter in objective.generator.parameters():
                parameter.add_(0.3 * torch.randn_like(parameter))
    return PerformanceWriter(objective)


MADE = writer("lstm")


def chances(*seeds: int) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, 0]) for seed in seeds]


class Stubborn(Generator):
    """Scores every token the same whatever came before."""

    def __init__(self, liked: dict[int, float]) -> None:
        super().__init__(NUM_TOKENS, 0, 1)
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.logits = torch.zeros(NUM_TOKENS)
        for token, score in liked.items():
            self.logits[token] = score

    def forward(
        self, tokens: Tensor, memory: Memory | None = None, fresh: Tensor | None = None, *, same_length: bool = False
    ) -> tuple[Tensor, Memory | None]:
        return self.logits.expand(*tokens.shape, -1), memory

    def decoder(self, num: int, span: int) -> Any:
        logits = self.logits.to(self.weight.dtype)
        return SimpleNamespace(
            read=lambda tokens: logits.expand(num, -1),
            step=lambda tokens: logits.expand(num, -1),
            follow=lambda tokens: logits.expand(*tokens.shape, -1),
        )


class Scripted(Stubborn):
    """Likes one token after the other, then the last one."""

    def __init__(self, *script: int) -> None:
        super().__init__({})
        self.script = script

    def decoder(self, num: int, span: int) -> Any:
        scores = 99.0 * torch.eye(NUM_TOKENS, dtype=self.weight.dtype)[list(self.script)]
        place = iter([*range(len(scores)), *[-1] * 10_000])
        following: Any = lambda tokens: scores[next(place)].expand(num, -1)  # noqa: E731
        return SimpleNamespace(read=following, step=following, follow=lambda tokens: scores[:1, None].expand(1, 64, -1))


def stubborn(liked: dict[int, float]) -> PerformanceWriter:
    return writing(Stubborn(liked))


def writing(generator: Generator) -> PerformanceWriter:
    objective: Any = SimpleNamespace(generator=generator, config=SimpleNamespace(span=8))
    return PerformanceWriter(objective)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_song_is_the_same_whatever_is_written_beside_it(design: str) -> None:
    made = writer(design)
    several = made.perform(chances(*range(10)), 300, Manner())
    for seed in (0, 3, 9):
        (alone,) = made.perform(chances(seed), 300, Manner())
        np.testing.assert_array_equal(alone, several[seed])
    assert len({song.tobytes() for song in several}) == 10


@pytest.mark.parametrize(
    ("design", "manner"), [("modern", Manner()), ("xl", Manner(0.9, 20)), ("lstm", Manner(1.0, None, 0.9))]
)
def test_rounding_decides_nothing(design: str, manner: Manner) -> None:
    exact, rough = writer(design), writer(design)
    with torch.no_grad():
        for parameter in rough._quick.parameters():
            parameter.add_(1e-2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    vars(exact)["_margin"], vars(rough)["_exact"] = np.inf, exact._exact
    vars(rough)["_margin"] = rough._margin / 16
    songs = rough.perform(chances(*range(6)), 500, manner)
    for song, other in zip(songs, exact.perform(chances(*range(6)), 500, manner), strict=True):
        np.testing.assert_array_equal(song, other)
    vars(rough)["_margin"] = 0.0
    careless = rough.perform(chances(*range(6)), 500, manner)
    assert any(len(one) != len(two) or (one != two).any() for one, two in zip(songs, careless, strict=True))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.integers(1, 400), st.integers(1, 3))
def test_it_lasts_as_long_as_asked_and_no_token_longer(seed: int, num_steps: int, num: int) -> None:
    for tokens in MADE.perform(chances(*range(seed, seed + num)), num_steps, Manner()):
        steps = performance_of(tokens).steps()
        assert steps[-2] < num_steps <= steps[-1]
        assert tokens.min() > PADDING and tokens.max() < NUM_TOKENS


def test_a_song_begins_like_a_longer_one() -> None:
    (short,), (long,) = (writer().perform(chances(4), steps, Manner()) for steps in (300, 900))
    assert len(long) > len(short)
    np.testing.assert_array_equal(long[: len(short)], short)


@pytest.mark.parametrize("liked", [{START: 99.0}, {PADDING: 99.0}, {START: 99.0, PADDING: 99.0}])
def test_what_says_nothing_is_never_written(liked: dict[int, float]) -> None:
    for manner in (Manner(), Manner(0.0), Manner(1.0, 1), Manner(1.0, None, 0.1)):
        (tokens,) = stubborn(liked).perform(chances(0), 500, manner)
        assert tokens.min() > PADDING


def test_one_that_never_lets_time_pass_is_pushed_on() -> None:
    for manner in (Manner(), Manner(0.0), Manner(1.0, 1)):
        (tokens,) = stubborn({150: 99.0, 2: 50.0}).perform(chances(0), 200, manner)
        steps = performance_of(tokens).steps()
        assert steps[-1] == 200, "a step of 10 ms at a time, if it likes nothing better"
        assert len(tokens) <= 128 + 2 * 200
        assert (tokens == 150).sum() > 100


def test_what_comes_before_is_heard_and_not_written_again() -> None:
    made, prime = writer(), np.array([START, 280, 150, 40, 151])
    (song,) = made.perform(chances(0), 200, Manner(), prime)
    (other,) = made.perform(chances(0), 200, Manner(), np.array([START, 280, 160, 40, 161]))
    assert len(song) != len(other) or (song != other).any()
    decoder = made._exact.decoder(1, made.span)
    logits = decoder.read(torch.from_numpy(prime)[None])
    likeliest = logits.index_fill(1, torch.tensor([START, PADDING, *range(103, 278, 2)]), -torch.inf).argmax()
    assert made.perform(chances(0), 1, Manner(0.0), prime)[0][0] == likeliest


def test_who_watches_is_told_how_far_it_is() -> None:
    told: list[int] = []
    writer().perform(chances(*range(9)), 200, Manner(), watch=told.append)
    assert told == sorted(told) and told[-1] == 9 * 200 and 8 * 200 in told


def test_a_key_is_let_go_before_it_is_struck_again_and_when_it_is_out_of_sight() -> None:
    (tokens,) = made_of(150, 150, 102, num=13)
    # Struck, struck again, another; the span is 8 tokens.
    assert tokens[:3].tolist() == [150, 151, 102]
    assert 103 in tokens[3 + 7 :].tolist()


def made_of(*first: int, num: int) -> list[np.ndarray]:
    """What keys make of some tokens, then of shifts."""
    keys = _Keys(torch.tensor([[START]]), NUM_TOKENS, 8)
    written = []
    for token in (*first, *[10] * (num - len(first))):
        tokens = keys.let_go(torch.tensor([token]))
        keys.pass_(tokens)
        written.append(int(tokens))
    return [np.array(written)]


def test_no_key_is_let_go_that_is_up() -> None:
    made = writer()
    for song in made.perform(chances(0, 1, 2), 600, Manner()):
        down: set[int] = set()
        for token in song[(song >= 102) & (song < 278)]:
            key, off = divmod(int(token) - 102, 2)
            assert (key in down) == bool(off)
            (down.discard if off else down.add)(key)


def test_silence_before_the_first_note_is_left_out_and_not_counted_and_its_velocity_kept() -> None:
    made = writing(Scripted(101, 280, 101, 150, 51, 151, 101))
    (tokens,) = made.perform(chances(0), 100, Manner(0.0))
    assert tokens.tolist() == [280, 150, 51, 151, 101]
    (going,) = made.perform(chances(0), 100, Manner(0.0), np.array([START, 150, 151]))
    assert going.tolist() == [101], "silence after a piece is its own"


def test_a_piece_begins_with_a_note_whatever_the_network_likes() -> None:
    (tokens,) = stubborn({101: 99.0, 280: 50.0}).perform(chances(0), 200, Manner())
    struck = int(np.flatnonzero((tokens >= 102) & (tokens < 278))[0])
    assert not ((tokens[:struck] > 1) & (tokens[:struck] < 102)).any()
    assert performance_of(tokens).steps()[-1] >= 200
    (going,) = stubborn({101: 99.0}).perform(chances(0), 200, Manner(), np.array([START, 150]))
    assert going[0] == 101
