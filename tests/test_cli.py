"""The command line as a user meets it."""

import dataclasses
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flax.linen as nn
import pytest
from matplotlib.image import imread

from qconv.__main__ import main
from qconv.data.synthetic import Synthetic
from qconv.errors import DataUnavailableError
from qconv.experiment.discovery import available
from qconv.experiment.loading import load
from qconv.fields import fields
from tests.processes import TINY, Workshop, finish, lines_of

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop.make(tmp_path_factory)


@pytest.fixture(scope="module")
def trained(workshop: Workshop) -> Path:
    """A finished run."""
    process = workshop.run("train", "tiny", "--model.conv.circuit.ansatz.depth", "2", "--seed", "3")
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    return workshop.seed_folder("runs", seed=3)


@pytest.fixture
def inside(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """Commands run in this process, in the workshop's folder."""
    monkeypatch.chdir(workshop.folder)
    monkeypatch.setenv("COLUMNS", "100")
    sys.modules.pop("experiments.tiny", None)
    yield workshop
    sys.modules.pop("experiments.tiny", None)


def said(output: Output, *command: str, code: int = 0) -> tuple[str, str]:
    """Runs a command in this process; what it printed on both streams."""
    if code:
        with pytest.raises(SystemExit) as stop:
            main(command)
        assert stop.value.code == code
    else:
        main(command)
    return output.readouterr()


def test_list(inside: Workshop, capsys: Output) -> None:
    lines = said(capsys, "list")[0].splitlines()
    named = [line.split()[0] for line in lines if line[0] != " "]
    assert named == ["Experiments,", *available(), "Tables", *available("table")]
    assert any(line.startswith("tiny ") and "A tiny experiment that does" in line for line in lines)


@pytest.mark.parametrize("command", ["--help", "list"])
def test_quick_commands_import_nothing_slow(workshop: Workshop, command: str) -> None:
    code = f"""
import sys
from qconv.__main__ import main
try:
    main([{command!r}])
finally:
    slow = {{"jax", "flax", "orbax", "tensorcircuit", "matplotlib", "sklearn", "tensorflow_datasets"}}
    print("imported:", sorted(slow & sys.modules.keys()))
"""
    process = workshop.run(program=("-c", code))
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == "imported: []"
    assert "train" in process.stdout or "tiny" in process.stdout


def test_a_closed_pipe_is_no_error(workshop: Workshop) -> None:
    process = workshop.start("list")
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    assert finish(process).stderr == ""


def test_train(inside: Workshop, trained: Path, capsys: Output) -> None:
    spec = json.loads((trained / "spec.json").read_text())["spec"]
    assert spec["model"]["conv"]["circuit"]["ansatz"] == {"class": "experiments.tiny.Turns", "depth": 2}
    assert spec["seed"] == 3
    summary = json.loads((trained / "summary.json").read_text())
    assert summary["seed"] == 3
    assert [(arm["name"], arm["folder"]) for arm in summary["arms"]] == [("quantum", ""), ("classical twin", "twin")]
    assert [arm["num_quantum_parameters"] for arm in summary["arms"]] == [2 * 2, 0]
    for picture in ("curves", "confusion", "circuit", "filters"):
        assert imread(trained / f"{picture}.png").ndim == 3
    assert list((trained / "tensorboard").iterdir()) and (trained / "twin" / "metrics.jsonl").exists()
    # The same command again reports it.
    out, _ = said(capsys, "train", "tiny", "--model.conv.circuit.ansatz.depth", "2", "--seed", "3")
    assert out.startswith(f"run directory {trained.relative_to(inside.folder)}\nfinished before")
    assert out.rstrip().endswith(f"run {trained.relative_to(inside.folder)}")


def test_settings_are_chosen_on_images_that_are_not_trained_on(
    inside: Workshop, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READS", str(tmp_path / "reads"))
    runs = ("--runs", str(tmp_path / "runs"))
    out, _ = said(capsys, "train", "tiny", "--split", "validation", "--num-steps", "4", "--batch-size", "8", *runs)
    (folder,) = (tmp_path / "runs" / "tiny").glob("*/seed0")
    assert "validation accuracy" in out and "the same 13 images" in out and "test accuracy" not in out
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["split"], summary["num_items"]) == ("validation", 13)
    for network in ("", "twin"):
        keys = {key for line in lines_of(folder / network) for key in line}
        assert keys == {"step", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"}
    out, _ = said(capsys, "evaluate", str(folder))
    assert "validation accuracy" in out and "test" not in out
    entries = [json.loads(line) for line in (tmp_path / "reads").read_text().splitlines()]
    assert {split for split, _ in entries} == {"train"}  # no test image is read
    held_out = [set(rows) for _, rows in entries if len(rows) == 32]  # filled up
    assert len(held_out) >= 3 and len(held_out[0]) == 13 and all(rows == held_out[0] for rows in held_out)
    trained = {row for _, rows in entries if len(rows) == 8 for row in rows}
    assert trained and trained.isdisjoint(held_out[0])
    for picture in ("curves", "confusion", "circuit", "filters"):
        assert imread(folder / f"{picture}.png").ndim == 3


def test_a_run_of_an_older_layout_is_refused_in_one_line(
    inside: Workshop, trained: Path, tmp_path: Path, capsys: Output
) -> None:
    options = ("train", "tiny", "--model.conv.circuit.ansatz.depth", "2", "--seed", "3", "--runs", str(tmp_path))
    copy = tmp_path / trained.relative_to(inside.folder / "runs")
    shutil.copytree(trained, copy)
    summary = json.loads((copy / "summary.json").read_text())
    own, twin = summary.pop("arms")
    older = summary | {"steps": 12, "test_accuracy": own["metrics"]["accuracy"], "twin": twin}
    (copy / "summary.json").write_text(json.dumps(older))
    _, error = said(capsys, *options, code=2)
    assert "it is not the summary of a run of this version" in " ".join(error.split()) and "Traceback" not in error


def test_a_circuit_is_drawn_without_any_image(
    inside: Workshop, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Synthetic, "load", lambda self, split: pytest.fail("images were loaded"))
    out, _ = said(capsys, "draw", "tiny", "--split", "validation", "--output", str(tmp_path / "tiny.png"))
    assert "q0 ─RY(x0)──RY(θ0)─" in out


def test_a_finished_run_whose_data_have_gone(
    inside: Workshop, trained: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: Synthetic, split: str) -> None:
        raise DataUnavailableError("no images in /nonexistent")

    assert trained.exists()
    monkeypatch.setattr(Synthetic, "load", gone)
    out, err = said(capsys, "train", "tiny", "--model.conv.circuit.ansatz.depth", "2", "--seed", "3", code=2)
    assert "no images in /nonexistent" in err and "test accuracy" not in out


def test_evaluate_counts_what_the_summary_says(inside: Workshop, trained: Path, capsys: Output) -> None:
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("*")}
    out, _ = said(capsys, "evaluate", str(trained))
    summary = json.loads((trained / "summary.json").read_text())
    assert [arm["name"] for arm in summary["arms"]] == ["quantum", "classical twin"]
    for arm in summary["arms"]:
        metrics = arm["metrics"]
        cells = (arm["name"], "12", f"{metrics['accuracy']:.4f}", f"{metrics['loss']:.4f}", "16")
        assert re.search(" +│ +".join(map(re.escape, cells)), out)
    assert {path: path.stat().st_mtime_ns for path in trained.rglob("*")} == before


def test_draw(inside: Workshop, tmp_path: Path, capsys: Output) -> None:
    picture = tmp_path / "tiny.png"
    out, _ = said(capsys, "draw", "tiny", "--model.conv.circuit.ansatz.depth", "2", "--output", str(picture))
    assert "q0 ─RY(x0)──RY(θ0)──RY(θ2)─\n\nq1 ─RY(x1)──RY(θ1)──RY(θ3)─\n\nmeasured: ZI IZ\n" in out
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert "unitary" not in out.partition("measured")[2]
    again = ("--model.conv.circuit.reuploads", "1", "--model.conv.circuit.trainable-scaling")
    out, _ = said(capsys, "draw", "tiny", *again, "--output", str(picture))
    assert "q0 ─RY(x0)──RY(θ0)──RY(x0)──RY(θ2)─\n\nq1 ─RY(x1)──RY(θ1)──RY(x1)──RY(θ3)─\n" in out
    assert "of 4 angles and 4 factors" in " ".join(out.split())
    out, _ = said(capsys, "draw", "tiny", "--engines", "--output", str(picture))
    # Two qubits, real: a 4x4 matrix times a state, and two diagonals times four probabilities.
    assert re.search(r"unitary \(chosen\) │ +48 │", out) and re.search(r"fused +│", out)


FEW = ("--pairs", "20", "--gradients", "4", "--fisher-angles", "2", "--fisher-patches", "3")


@pytest.mark.slow
def test_diagnose(inside: Workshop, tmp_path: Path, capsys: Output) -> None:
    picture = tmp_path / "tiny.png"
    out, _ = said(capsys, "diagnose", "tiny", *FEW, "--model.conv.circuit.ansatz.depth", "2", "--output", str(picture))
    assert "layer 0: Angle, Turns, PauliZ: 1x2 pixels, 2 qubits, 1 circuit of 4 angles" in out
    for words in ("expressibility", "entanglement", "gradient variance", "effective dimension"):
        assert re.search(rf"│ {words} +│", out)
    assert re.search(r"entanglement +│ +0.0000 │ +0.0000 │ 0.4000 Haar-random", out)  # nothing entangles
    assert "n = 64 and γ = 1, from 2 samples of angles and 3 patches" in " ".join(out.split())
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def options(spec: Any, prefix: str = "") -> Iterator[str]:
    """The options of all fields of a spec that hold a value and not a part; of Flax's own layers plain values alone."""
    of_flax = type(spec).__module__.startswith("flax.")
    for name, value in fields(spec).items():
        if name == "backbones":  # experiments of their own, which the command line leaves as they are
            continue
        if dataclasses.is_dataclass(value) or isinstance(value, nn.Module):
            yield from options(value, prefix if name == "procedure" else f"{prefix}{name}.")
        elif isinstance(value, tuple) and any(dataclasses.is_dataclass(part) for part in value):
            for place, part in enumerate(value):
                yield from options(part, f"{prefix}{name}.{place}.")
        elif not of_flax or type(value) in (bool, int, float, str):
            yield f"--{prefix}{name}".replace("_", "-")


@pytest.mark.parametrize("name", list(available()))
def test_help_shows_every_field(name: str, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as stop:
        main(["train", name, "--help"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    experiment, docstring = load(name)
    shown = set(re.findall(r"--[\w.-]+", text))
    assert set(options(experiment)) <= shown
    assert {"--runs", "--distributed", "--coordinator", "--num-processes", "--process-id"} <= shown
    assert docstring.split("\n")[0] in " ".join(text.split())
    # Each option has a line of documentation and its default.
    assert text.count("(default: ") >= len(set(options(experiment)))


def test_layers_of_flax_have_options(inside: Workshop, tmp_path: Path, capsys: Output) -> None:
    given = ("--model.head.no-use-bias", "--model.head.padding", "CIRCULAR", "--num-steps", "1", "--batch-size", "4")
    out, _ = said(capsys, "train", "disc_masks", *given, "--runs", str(tmp_path))
    assert "test IoU" in out
    (folder,) = (tmp_path / "disc_masks").glob("*/seed0")
    head = json.loads((folder / "spec.json").read_text())["spec"]["model"]["head"]
    assert head["use_bias"] is False and head["padding"] == "CIRCULAR" and head["kernel_size"] == [5, 5]


TRAIN = ("train", "tiny")
DISTRIBUTED = (*TRAIN, "--distributed", "--num-processes", "2", "--process-id", "0", "--coordinator")

BAD: dict[tuple[str, ...], str] = {
    (): "Expected one of {list, train, evaluate, predict, explain, draw, diagnose, table, tables}",
    ("table",): "Name of the table; `qconv list` shows them. (required)",
    ("table", "hur2020"): "no table 'hur2020'; did you mean 'hur2022'? allowed: ",
    ("table", "tiny"): "tiny.py has no object `table`; allowed: table = Table(...)",
    ("table", "hur2022", "--jobs", "0"): "--jobs 0; allowed: at least 1",
    ("tables", "--parts", "0"): "--parts 0; allowed: at least 1",
    ("table", "hur2022", "--output", "experiments/tiny.py"): "cannot write experiments/tiny.py: File exists",
    ("tables", "--part", "2", "--parts", "2"): "--part 2 of --parts 2; allowed: 0 to 1",
    ("trian", "tiny"): "Unrecognized options: trian",
    ("train",): "Name of the experiment; `qconv list` shows them. (required)",
    ("train", "tinny"): "no experiment 'tinny'; did you mean 'tiny'? allowed: ",
    ("draw", "nothing_like_it"): "no experiment 'nothing_like_it'; allowed: ",
    ("train", "broken"): "broken.py, line 3: '(' was never closed",
    ("train", "misspelt"): "unexpected keyword argument 'strid'",
    ("train", "empty"): "empty.py has no object `experiment`",
    (*TRAIN, "--model.conv.strid", "1"): "--model.conv.strides INT|{INT INT}",
    (*TRAIN, "--model.conv.circuit.ansatz.dept", "1"): "--model.conv.circuit.ansatz.depth INT",
    (*TRAIN, "--num-step", "1"): "--num-steps INT",
    (*TRAIN, "--num-steps", "many"): "invalid literal for int() with base 10: 'many'",
    (*TRAIN, "--num-steps", "0"): "num_steps = 0; allowed: at least 1",
    (*TRAIN, "--seed", "-1"): "seed = -1; allowed: 0 to 4294967295",
    (*TRAIN, "--seed", "9223372036854775808"): "seed = 9223372036854775808; allowed: 0 to 4294967295",
    (*TRAIN, "--data.data-seed", "4294967296"): "data_seed = 4294967296; allowed: 0 to 4294967295",
    (*TRAIN, "--num-steps", "2147483648"): "num_steps = 2147483648; allowed: at most 2147483647",
    (*TRAIN, "--optimizer.learning-rate", "inf"): "learning_rate = inf; allowed: finite numbers",
    (*TRAIN, "--model.conv.circuit.encoding.scale", "nan"): "scale = nan; allowed: any finite number",
    (*TRAIN, "--model.conv.circuit.reuploads", "99999"): "reuploads = 99999; allowed: at most 10000 layers",
    (*TRAIN, "--model.conv.features", "2147483647"): "16 patches in 2,147,483,647 circuits) need 512.0 GiB",
    (*TRAIN, "--data.num-images", "2147483647"): "pixels in all; allowed: at most 268435456, which take a GiB",
    (*TRAIN, "--seed"): "Missing value for argument '--seed'",
    (*TRAIN, "--dtype", "float16"): "invalid choice 'float16' for argument '--dtype'",
    (*TRAIN, "--split", "train"): "invalid choice 'train' for argument '--split'",
    (*TRAIN, "--optimizer.learning-rate", "0"): "learning_rate = 0.0; allowed: more than 0",
    (*TRAIN, "--optimizer.learning-rate", "nan"): "learning_rate = nan; allowed: more than 0",
    (*TRAIN, "--data.num-classes", "65"): "num_classes = 65; allowed: at most 64 pixels",
    (*TRAIN, "--data.height", "0"): "height = 0; allowed: at least 1",
    (*TRAIN, "--batch-size", "65"): "batch_size = 65; allowed: at most the 64 training images",
    (*TRAIN, "--model.conv.strides", "0"): "strides = 0; allowed: one or two whole numbers, at least 1",
    (*TRAIN, "--model.conv.padding", "SMAE"): "--model.conv.padding",
    (*TRAIN, "--model.conv.padding", "VALID", "--model.conv.kernel-size", "9", "9"): "more than the 8x8 of the padded",
    (*TRAIN, "--model.conv.kernel-size", "6"): "36 qubits (patches of 36 numbers, 16 patches) need 1,024.0 GiB",
    (*TRAIN, "--model.conv.features", "0"): "features = 0; allowed: at least 1",
    (
        *TRAIN,
        "--model.head.num-classes",
        "3",
    ): "the model gives outputs of shape (3,) for each image; allowed: (4,), which Classification asks of",
    (
        "train",
        "disc_masks",
        "--model.head.features",
        "3",
    ): "outputs of shape (16, 16, 3) for each image; allowed: (16, ",
    (*TRAIN, "--model.conv.param-dtype", "float64"): "param_dtype = 'float64' needs JAX's 64-bit mode",
    (*TRAIN, "--runs", "file"): "cannot write file/tiny/",
    (*TRAIN, "--coordinator", "127.0.0.1:1234"): "--coordinator, --num-processes and --process-id go with --distrib",
    (*TRAIN, "--distributed", "--num-processes", "2"): "--process-id go together, or none of them under Slurm",
    (*DISTRIBUTED, "nonsense"): "--coordinator nonsense; allowed: HOST:PORT",
    (*DISTRIBUTED, "host:port"): "--coordinator host:port; allowed: HOST:PORT",
    ("evaluate", "nowhere"): "no run in nowhere: it has no spec.json; allowed: runs/<experiment>/<run id>/seed<k>",
    ("evaluate", "run/damaged"): "cannot read run/damaged/spec.json: Expecting value: line 1 column 1 (char 0)",
    ("evaluate", "run/other"): "cannot read run/other/spec.json: it is not the spec of a run",
    ("draw", "tiny", "--output", "no/folder.png"): "cannot write no/folder.png: there is no folder no",
    ("draw", "tiny", "--output", "circuit.xyz"): "cannot write circuit.xyz: format 'xyz' is not supported",
    ("diagnose", "tinny"): "no experiment 'tinny'; did you mean 'tiny'? allowed: ",
    ("diagnose", "tiny", "--pair", "1"): "--pairs INT",
    ("diagnose", "tiny", "--bins", "9223372036854775808"): "bins = 9223372036854775808; allowed: at most 2147483647",
    ("diagnose", "tiny", "--pairs", "0"): "pairs = 0; allowed: at least 1",
    ("diagnose", "tiny", "--bins", "1"): "bins = 1; allowed: at least 2",
    ("diagnose", "tiny", "--gradients", "1"): "gradients = 1; allowed: at least 2",
    ("diagnose", "tiny", "--gamma", "nan"): "gamma = nan; allowed: more than 0, at most 1",
    ("diagnose", "tiny", "--data-count", "9"): "gamma n / (2 pi ln n) = 0.652; allowed: more than 1",
    ("diagnose", "tiny", "--data.num-images", "9"): "data_count = 9 with gamma = 1.0 give",
    (
        *("diagnose", "tiny", "--fisher-angles", "1000000", "--fisher-patches", "1000000"),
    ): "Most of them are for fisher_angles * fisher_patches = 1000000 * 1000000: lower it",
    ("diagnose", "tiny", "--pairs", "2000000000"): "pairs = 2000000000 take 1.6e+10 angles and pixels; allowed: 5e+08",
    ("diagnose", "tiny", "--output", "no/folder.png"): "cannot write no/folder.png: there is no folder no",
    (
        "diagnose",
        "tiny",
        "--output",
        "picture.xyz",
    ): "cannot write picture.xyz: format 'xyz' is not supported; allowed: ",
}


@pytest.fixture(scope="module")
def cluttered(workshop: Workshop) -> dict[Path, bytes]:
    """The workshop with broken experiments and runs; what is in all files."""
    (workshop.folder / "experiments" / "broken.py").write_text('"""Broken."""\n\nexperiment = (\n')
    (workshop.folder / "experiments" / "misspelt.py").write_text(TINY.replace("strides=2", "strid=2"))
    (workshop.folder / "experiments" / "empty.py").write_text('"""Empty."""\n')
    (workshop.folder / "file").write_text("mine")
    for name, content in (("damaged", ""), ("other", '{"experiment": "tiny"}')):
        (workshop.folder / "run" / name).mkdir(parents=True)
        (workshop.folder / "run" / name / "spec.json").write_text(content)
    return contents(workshop.folder)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


@pytest.mark.parametrize("command", BAD, ids=" ".join)
def test_bad_input(
    inside: Workshop, trained: Path, cluttered: dict[Path, bytes], command: tuple[str, ...], capsys: Output
) -> None:
    _, error = said(capsys, *command, code=2)
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", error).split())
    assert BAD[command] in text
    assert "Traceback" not in error
    after = contents(inside.folder)
    assert after == cluttered  # nothing is lost, and nothing left behind


def test_processes_that_cannot_find_each_other(workshop: Workshop) -> None:
    process = workshop.run(*TRAIN, "--distributed")
    assert process.returncode == 2
    assert process.stderr == (
        "qconv: cannot join other processes: coordinator_address should be defined. Without a cluster manager that "
        "JAX knows, give --coordinator HOST:PORT, --num-processes and --process-id\n"
    )


def test_bad_input_in_a_process_of_its_own(workshop: Workshop) -> None:
    process = workshop.run(*TRAIN, "--batch-size", "65")
    assert process.returncode == 2
    assert process.stderr == "qconv: batch_size = 65; allowed: at most the 64 training images\n"


def test_a_layer_of_float64_is_drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    words = "--dtype float64 --model.conv.param-dtype float64 --output circuit.png"
    main(["draw", "quanv_digits", *words.split()])
    assert (tmp_path / "circuit.png").exists()
