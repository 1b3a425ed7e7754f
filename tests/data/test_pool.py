"""Processes give results in order; one that dies takes only the item that killed it."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from antiphon.data.pool import map_chunks, num_workers


def double(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


def die_at_37(items: Sequence[int]) -> list[int]:
    if 37 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(items)


def fail_at_37(items: Sequence[int]) -> list[int]:
    if 37 in items:
        raise ValueError("37")
    return double(items)


def lost(item: int) -> int:
    return -item


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order(workers: int) -> None:
    assert list(map_chunks(double, range(100), workers, lost)) == list(range(0, 200, 2))


def test_no_items_need_no_process() -> None:
    assert list(map_chunks(double, [], 2, lost)) == []


@pytest.mark.slow
def test_the_item_that_kills_its_process_is_lost_alone() -> None:
    results = list(map_chunks(die_at_37, range(100), 2, lost))
    assert results == [2 * item if item != 37 else -37 for item in range(100)]


def test_errors_come_through() -> None:
    with pytest.raises(ValueError, match="37"):
        list(map_chunks(fail_at_37, range(100), 2, lost))


def test_a_pool_is_started_where_it_is_worth_it() -> None:
    assert num_workers(10, None) == 1
    assert num_workers(10, 3) == 3
    assert num_workers(10**6, None) >= 1


@pytest.mark.slow
def test_a_script_without_a_main_guard_can_use_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from antiphon.data.pool import map_chunks\n"
        "print(list(map_chunks(sorted, list(range(40)), 2, lambda item: -1)) == list(range(40)))\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=True)
    assert ran.stdout == "True\n"
