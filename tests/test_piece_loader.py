"""Pieces in batches: every token once an epoch, columns that go on, and nothing but seed and iteration."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from antiphon.codecs.codec import Rows
from antiphon.codecs.performance import PADDING, START, PerformanceTokens
from antiphon.errors import InputError
from antiphon.piece_loader import PieceLoader, Plan, pieces_of, plan_of
from antiphon.presets.table import get_preset

PIECES = [np.arange(100 * number + 2, 100 * number + 2 + length) for number, length in enumerate((17, 4, 40, 9, 23, 1))]
"""Each token is one of a kind."""
TUNE = np.array([302, *[102 + 2 * (60 - 21), 51, 103 + 2 * (60 - 21)] * 3])


def made(pieces: list[np.ndarray] = PIECES, augment: str = "none", **plan: object) -> PieceLoader:
    values: dict[str, object] = {"batch_size": 3, "segment": 5, "seed": 1} | plan
    codec = PerformanceTokens.parse({"augment": augment})
    return PieceLoader([np.asarray(piece, np.int16) for piece in pieces], Plan(**values), codec)  # type: ignore[arg-type]


def epoch(loader: PieceLoader, number: int = 0) -> list[dict[str, Tensor]]:
    height = loader.iterations_per_epoch
    return [loader.batch(number * height + place) for place in range(height)]


def targets(batches: list[dict[str, Tensor]]) -> list[int]:
    following = torch.cat([batch["real"][:, 1:].flatten() for batch in batches])
    return [int(token) for token in following if token != PADDING]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(1, 9), st.integers(1, 12), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_an_epoch_holds_every_token_once_and_some_again(
    lengths: list[int], columns: int, segment: int, number: int
) -> None:
    pieces = [np.arange(100 * piece + 2, 100 * piece + 2 + length) for piece, length in enumerate(lengths)]
    loader = made(pieces, batch_size=columns, segment=segment)
    seen = targets(epoch(loader, number))
    everything = [int(token) for piece in pieces for token in piece]
    assert set(seen) == set(everything)
    rows = sum(-(-length // segment) for length in lengths)
    assert loader.iterations_per_epoch == -(-rows // columns)
    if rows % columns == 0:
        assert sorted(seen) == sorted(everything)


@pytest.mark.parametrize("walk", ["segments", "crops"])
def test_targets_follow_their_inputs_in_their_piece(walk: str) -> None:
    after = {int(a): int(b) for piece in PIECES for a, b in pairwise(piece)}
    firsts, lasts = {int(piece[0]) for piece in PIECES}, {int(piece[-1]) for piece in PIECES}
    for batch in [*epoch(made(walk=walk)), *epoch(made(walk=walk), 1)]:
        for row in batch["real"].tolist():
            for token, following in pairwise(row):
                if token == START:
                    assert following in firsts
                elif token == PADDING or token in lasts:
                    assert following == PADDING
                else:
                    assert following == after[token]


def test_columns_go_on_until_they_are_fresh() -> None:
    batches = epoch(made())
    for before, batch in pairwise(batches):
        for column in range(3):
            goes_on = batch["real"][column, 0] == before["real"][column, -1]
            assert bool(batch["fresh"][column]) == (batch["real"][column, 0] == START) == (not goes_on)
    # An epoch's columns begin anew, where they lie within a piece too.
    for number in range(3):
        assert bool(epoch(made(), number)[0]["fresh"].all())


def test_stretches_cover_their_pieces_without_padding() -> None:
    loader = made(walk="crops")
    batches = epoch(loader)
    assert all(bool(batch["fresh"].all()) for batch in batches)
    seen = set(targets(batches))
    assert seen == {int(token) for piece in PIECES for token in piece}
    short = {int(token) for piece in PIECES if len(piece) < 5 for token in piece}
    for batch in batches:
        for row in batch["real"]:
            assert (row != PADDING).all() or set(row[row > PADDING].tolist()) <= short
    assert not all(torch.equal(a["real"], b["real"]) for a, b in zip(epoch(loader, 0), epoch(loader, 1), strict=True))


def test_stretches_begin_anywhere() -> None:
    loader = made(PIECES[2:3], batch_size=1, walk="crops")
    begins = {int(loader.batch(iteration)["real"][0, 0]) for iteration in range(400)}
    assert begins == {START, *PIECES[2][: 40 - 5].tolist()}


def test_a_batch_depends_on_nothing_but_seed_and_iteration() -> None:
    tunes = [np.tile(TUNE, 1 + number) for number in range(5)]
    first, second = (made(tunes, augment="drawn", crop=4) for _ in range(2))
    wanted = [first.batch(iteration) for iteration in range(30)]
    for iteration in (29, 3, 17, 16, 0):
        torch.manual_seed(iteration)
        batch = second.batch(iteration)
        assert batch.keys() == {"real", "fresh", "crop"}
        assert all(torch.equal(batch[name], wanted[iteration][name]) for name in batch)
    assert not torch.equal(made(seed=2).batch(0)["real"], made().batch(0)["real"])


def test_ranks_share_the_columns() -> None:
    whole = made(batch_size=4, crop=3)
    parts = [whole.place(torch.device("cpu"), rank, 2) for rank in range(2)]
    for iteration in (0, 2, 7):
        for name, values in whole.batch(iteration).items():
            assert torch.equal(torch.cat([part.batch(iteration)[name] for part in parts]), values)


def test_crops_lie_within_pieces_that_are_long_enough() -> None:
    whole = {tuple([START, *piece.tolist()][at : at + 12]) for piece in PIECES for at in range(len(piece) - 10)}
    loader = made(crop=12)
    seen = {tuple(row) for iteration in range(200) for row in loader.batch(iteration)["crop"].tolist()}
    assert seen == whole


def test_pieces_shorter_than_a_segment_are_served() -> None:
    loader = made([np.array([7, 8])], batch_size=3, segment=50, crop=30)
    batch = loader.batch(4)
    assert loader.iterations_per_epoch == 1
    assert batch["real"].shape == (3, 51) and batch["crop"].shape == (3, 30)
    for rows in batch["real"], batch["crop"]:
        assert torch.equal(rows[:, :4], torch.tensor([[START, 7, 8, PADDING]]).expand(3, -1))
        assert (rows[:, 4:] == PADDING).all()


def test_pieces_are_played_otherwise_in_every_epoch() -> None:
    loader = made([TUNE], "drawn", batch_size=1, segment=10)
    seen = {tuple(loader.batch(iteration)["real"][0].tolist()) for iteration in range(200)}
    assert len(seen) == 35
    notes = {row[2] for row in seen}
    assert notes == {102 + 2 * (60 + shift - 21) for shift in range(-3, 4)}


def test_all_variants_come_in_turn() -> None:
    loader = made([TUNE] * 2, "exhaustive", batch_size=1, segment=10)
    for turn in range(2):
        rows = [loader.batch(70 * turn + place)["real"][0].tolist() for place in range(70)]
        counts = {tuple(row): rows.count(row) for row in rows}
        assert set(counts.values()) == {2} and len(counts) == 35


@pytest.mark.parametrize(
    ("pieces", "columns", "world", "told"), [([], 3, 1, "prepare other music"), ([[5]], 3, 2, "2 processes")]
)
def test_what_cannot_be_served_is_said(pieces: list[list[int]], columns: int, world: int, told: str) -> None:
    with pytest.raises(InputError, match=told):
        made([np.array(piece) for piece in pieces], batch_size=columns).place(torch.device("cpu"), 0, world)


def test_rows_of_a_view_become_pieces() -> None:
    rows: Rows = {"real": np.arange(6, dtype=np.int16), "song": np.array([3, 3, 3, 5, 9, 9], np.int32)}
    assert [piece.tolist() for piece in pieces_of(rows)] == [[0, 1, 2], [3], [4, 5]]
    assert pieces_of({name: values[:0] for name, values in rows.items()}) == []


def test_a_memory_asks_for_columns_that_go_on() -> None:
    assert plan_of(get_preset("transformer-xl").resolve()).walk == "segments"
    assert plan_of(get_preset("piano-small").resolve()).walk == "crops"
