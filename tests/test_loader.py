"""The loader: batches are a pure function of seed, iteration and rank."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from antiphon.errors import InputError
from antiphon.loader import Loader


def _rows(num: int) -> dict[str, np.ndarray]:
    return {"real": np.arange(2 * num, dtype=np.uint8).reshape(num, 2), "song": np.arange(num, dtype=np.int32)}


def _epoch(loader: Loader, epoch: int) -> list[int]:
    first = epoch * loader.iterations_per_epoch
    return [int(row) for i in range(loader.iterations_per_epoch) for row in loader.batch(first + i)["song"]]


def test_an_epoch_holds_every_row_once() -> None:
    loader = Loader(_rows(40), batch_size=8, seed=1)
    assert loader.iterations_per_epoch == 5
    assert sorted(_epoch(loader, 0)) == list(range(40))
    assert sorted(_epoch(loader, 3)) == list(range(40))
    assert _epoch(loader, 0) != _epoch(loader, 1)


@given(num=st.integers(1, 30), batch_size=st.integers(1, 40), epoch=st.integers(0, 3))
def test_a_short_last_batch_is_filled_from_the_permutation(num: int, batch_size: int, epoch: int) -> None:
    loader = Loader(_rows(num), batch_size)
    served = _epoch(loader, epoch)
    assert len(served) == loader.iterations_per_epoch * batch_size
    assert sorted(served[:num]) == list(range(num))
    assert served[num:] == [served[i % num] for i in range(num, len(served))]


def test_a_batch_depends_on_nothing_but_seed_and_iteration() -> None:
    first, second = (Loader(_rows(40), batch_size=8, seed=1) for _ in range(2))
    second.batch(17)
    torch.manual_seed(3)
    assert torch.equal(first.batch(11)["real"], second.batch(11)["real"])
    other = Loader(_rows(40), batch_size=8, seed=2)
    assert not torch.equal(first.batch(11)["song"], other.batch(11)["song"])


def test_rows_keep_their_type_and_stay_together() -> None:
    batch = Loader(_rows(40), batch_size=8).batch(2)
    assert batch["real"].dtype == torch.uint8
    assert torch.equal(batch["real"][:, 0].int(), 2 * batch["song"])


def test_ranks_share_one_batch_without_overlap() -> None:
    whole = Loader(_rows(40), batch_size=8, seed=1)
    parts = [whole.place(torch.device("cpu"), rank, 2).batch(7)["song"] for rank in range(2)]
    assert torch.equal(torch.cat(parts), whole.batch(7)["song"])


def test_a_memory_map_serves_as_rows(tmp_path: object) -> None:
    path = f"{tmp_path}/rows.npy"
    np.save(path, _rows(9)["real"])
    batch = Loader({"real": np.load(path, mmap_mode="r")}, batch_size=3).batch(0)
    assert batch["real"].shape == (3, 2)


@pytest.mark.parametrize(("num", "batch_size", "world", "told"), [(0, 4, 1, "no rows"), (9, 3, 2, "2 processes")])
def test_what_cannot_be_served_is_said(num: int, batch_size: int, world: int, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Loader(_rows(num), batch_size, world=world)
