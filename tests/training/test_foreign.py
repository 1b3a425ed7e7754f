"""The restricted reader: takes what Lightning writes, runs nothing, refuses the rest."""

import argparse
import collections
import io
import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from antiphon.errors import InputError
from antiphon.training.foreign import read_torch_file


class _Runs:
    """Unpickles to a call of anything."""

    def __init__(self, function: Any, *values: Any) -> None:
        self._call = (function, values)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._call


@pytest.mark.slow
def test_a_file_written_by_lightning_is_read(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        # Lightning's own advice about loggers, workers and progress.
        warnings.simplefilter("ignore")
        import pytorch_lightning

        class _Model(pytorch_lightning.LightningModule):  # type: ignore[misc]
            def __init__(self, options: argparse.Namespace, width: int, folder: Path, rates: dict[str, float]) -> None:
                super().__init__()
                self.save_hyperparameters()
                self.net = torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.BatchNorm1d(width))

            def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
                loss: torch.Tensor = self.net(batch[0]).square().mean()
                self.log("loss", loss)
                return loss

            def configure_optimizers(self) -> tuple[list[Any], list[Any]]:
                optimizer = torch.optim.Adam(self.parameters())
                return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

        model = _Model(argparse.Namespace(depth=2), 4, Path("/some/where"), {"lr": 0.5})
        keeper = pytorch_lightning.callbacks.ModelCheckpoint(dirpath=tmp_path / "kept", monitor="loss")
        trainer = pytorch_lightning.Trainer(
            max_epochs=1,
            accelerator="cpu",
            default_root_dir=tmp_path,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            callbacks=[keeper],
        )
        points = torch.utils.data.TensorDataset(torch.randn(8, 2))
        trainer.fit(model, torch.utils.data.DataLoader(points, batch_size=4))
        trainer.save_checkpoint(tmp_path / "model.ckpt")
    content = read_torch_file(tmp_path / "model.ckpt")
    assert content["hyper_parameters"] == {
        "options": {"depth": 2},
        "width": 4,
        "folder": "/some/where",
        "rates": {"lr": 0.5},
    }
    assert content["state_dict"].keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(content["state_dict"][name], tensor), name
    assert torch.is_tensor(content["optimizer_states"][0]["state"][0]["exp_avg"])


def test_plain_values_and_old_forms_come_as_they_are(tmp_path: Path) -> None:
    weight = torch.arange(6.0).reshape(2, 3)
    content = {
        "weights": collections.OrderedDict(a=weight, b=weight.T, c=torch.nn.Parameter(weight)),
        "half": torch.ones(2, dtype=torch.float16),
        "place": torch.device("cpu"),
        "kind": torch.float32,
        "counts": collections.defaultdict(list, x=[1]),
        "values": [None, True, 1.5, "é", b"x", (1, {2})],
    }
    torch.save(content, tmp_path / "x.ckpt")
    read = read_torch_file(tmp_path / "x.ckpt")
    for name in "abc":
        assert torch.equal(read["weights"][name], content["weights"][name])  # type: ignore[index]
        assert type(read["weights"][name]) is torch.Tensor
    assert read["half"].dtype == torch.float16
    assert (read["place"], read["kind"]) == ("cpu", "float32")
    assert read["counts"] == {"x": [1]}
    assert read["values"] == content["values"]


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (os.system, ("touch {}",)),
        (eval, ("open('{}', 'w')",)),
        (exec, ("open('{}', 'w')",)),
        (open, ("{}", "w")),
        (getattr, (argparse.Namespace, "__init__")),
        (torch.load, ("{}",)),
        (pickle.loads, (b"x",)),
        (Path.touch, (Path("{}"),)),
    ],
)
def test_a_malicious_pickle_is_refused_and_not_run(function: Any, values: tuple[Any, ...], tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    filled = [value.format(touched) if isinstance(value, str) else value for value in values]
    torch.save({"state_dict": {"x": _Runs(function, *filled)}}, tmp_path / "evil.ckpt")
    with pytest.raises(InputError, match="refused, it asks for the name"):
        read_torch_file(tmp_path / "evil.ckpt")
    assert not touched.exists()


def test_a_malicious_pickle_would_run_in_pickle(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(_Runs(os.system, f"touch {tmp_path / 'touched'}")))
    assert (tmp_path / "touched").exists()


def _archive(path: Path, pickled: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("x/data.pkl", pickled)
        archive.writestr("x/version", "3\n")
        archive.writestr("x/byteorder", "little")


def test_the_reader_cannot_be_changed_from_inside(tmp_path: Path) -> None:
    # GLOBAL pushes the reader's own stand-in; BUILD would set attributes on it.
    attack = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}X\x01\x00\x00\x00aK\x01s\x86b."
    _archive(tmp_path / "x.ckpt", attack)
    with pytest.raises(InputError, match="a change of this reader"):
        read_torch_file(tmp_path / "x.ckpt")


def test_few_bytes_do_not_unfold_to_many(tmp_path: Path) -> None:
    laughs: list[Any] = ["ha"]
    for _ in range(60):
        laughs = [laughs, laughs]
    torch.save({"laughs": laughs}, tmp_path / "x.ckpt")
    assert read_torch_file(tmp_path / "x.ckpt")["laughs"][0] is not None
    torch.save({"x": torch.zeros(1).expand(2**40)}, tmp_path / "y.ckpt")
    with pytest.raises(InputError, match="a tensor that its data do not fill"):
        read_torch_file(tmp_path / "y.ckpt")


def test_compressed_and_scripted_files_are_refused(tmp_path: Path) -> None:
    _archive(tmp_path / "x.ckpt", b"\x80\x02}." + bytes(10**6), zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="refused, it is compressed"):
        read_torch_file(tmp_path / "x.ckpt")
    with warnings.catch_warnings():
        # torch.jit is on its way out, its files are not.
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), tmp_path / "y.pt")
    with pytest.raises(InputError, match="refused, it is a TorchScript"):
        read_torch_file(tmp_path / "y.pt")


def _saved(value: object) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no checkpoint of torch"),
        (b"\x80\x02}.", "no checkpoint of torch"),
        (_saved({"x": torch.zeros(100)})[:-80], "no checkpoint of torch"),
        (_saved([1, 2]), "holds no dictionary"),
    ],
)
def test_damaged_files_are_said(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_torch_file(tmp_path / "x.ckpt")


def test_any_flipped_byte_is_survived(tmp_path: Path) -> None:
    whole = bytearray(_saved({"state_dict": {"x": torch.arange(4.0)}, "hyper_parameters": {"a": 1}}))
    for position in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        (tmp_path / "x.ckpt").write_bytes(damaged)
        try:
            assert isinstance(read_torch_file(tmp_path / "x.ckpt"), dict)
        except InputError as error:
            assert "\n" not in str(error)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_torch_file(tmp_path / "x.ckpt")
