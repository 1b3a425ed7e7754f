"""One thread while it matters, and as many as before afterwards."""

import pytest
import torch

from antiphon.nn.threads import one_thread


def test_threads_come_back_even_after_a_fault() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
