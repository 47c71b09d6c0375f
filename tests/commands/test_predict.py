"""`qconv predict`, `qconv explain` and `qconv evaluate RUN --data...`, as a user meets them."""

import csv
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

import qconv
from qconv.__main__ import main
from qconv.data.cluster_ising import ClusterIsing
from qconv.data.image_folder import ImageFolder
from qconv.data.resized import Resized
from qconv.data.synthetic import Synthetic
from tests.runs.trained import small, trained

Output = pytest.CaptureFixture[str]

RNG = np.random.default_rng(0)
CLASSES = ("cat", "dog", "[owl]")


def fill(folder: Path, classes: tuple[str, ...] = CLASSES, images: int = 6, seed: int = 0) -> Path:
    """A folder of pictures, of which the classes are the rows of light."""
    rng = np.random.default_rng(seed)
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(images):
            pixels = rng.integers(0, 60, (6, 8, 3), np.uint8)
            pixels[2 * label : 2 * label + 2] += 180
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def run(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    cache = pytest.MonkeyPatch()
    cache.setenv("QCONV_CACHE", str(tmp_path_factory.mktemp("cache")))
    data = Resized(ImageFolder(str(pictures), 6, 8, channels=1, test_fraction=0.5), 4, 4)
    yield trained(small(data, 3, steps=30), tmp_path_factory.mktemp("runs"))
    cache.undo()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def refused(capsys: Output, *command: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return " ".join(re.sub("[│╭╮╰╯─]", " ", err).split())


def test_predictions_are_those_of_the_network_for_the_same_pixels(
    run: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    values = tmp_path / "all.csv"
    main(["predict", str(run), str(pictures), "--output", str(values)])
    out = capsys.readouterr().out
    with values.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18 and f"18 images in {values}" in out
    assert list(rows[0]) == ["image", "class", "score", *(f"score of {name}" for name in ("[owl]", "cat", "dog"))]
    network = qconv.load(run)
    assert network.classes == ("[owl]", "cat", "dog")
    for row in rows:
        pixels = np.asarray(Image.open(row["image"]).convert("L"))[None, ..., None]
        scores = jax.nn.softmax(network(network.prepared(pixels)))[0]
        found = [float(row[f"score of {name}"]) for name in network.classes]
        np.testing.assert_allclose(found, scores, atol=1e-5)
        assert row["class"] == network.classes[int(scores.argmax())]
        assert float(row["score"]) == max(found)
        assert row["image"] in out or len(rows) > 20
    right = [Path(row["image"]).parent.name == row["class"] for row in rows]
    assert np.mean(right) > 0.6


def test_a_table_of_some_files_and_of_the_twin(run: Path, pictures: Path, capsys: Output) -> None:
    files = [str(pictures / "cat" / "0.png"), str(pictures / "[owl]")]
    tables = []
    for network in ([], ["--network", "twin"]):
        main(["predict", str(run), *files, *network])
        tables.append(capsys.readouterr().out)
        assert tables[-1].count(".png") == 7 and "[owl]" in tables[-1] and "next" in tables[-1]
    assert tables[0] != tables[1]


def test_files_that_cannot_be_read_are_named_and_the_others_are_not_lost(
    run: Path, pictures: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "damaged.png").write_bytes((pictures / "cat" / "0.png").read_bytes()[:60])
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "whole.png").write_bytes((pictures / "dog" / "1.png").read_bytes())
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "no.png").write_text("")
    with pytest.raises(SystemExit) as stop:
        main(["predict", str(run), str(tmp_path)])
    out, err = capsys.readouterr()
    assert stop.value.code == 2
    assert "whole.png" in out and "damaged.png" not in out
    assert err.splitlines()[-1] == "qconv: 2 of 3 images have no answer, see above; all others have one"
    assert f"{tmp_path}/damaged.png: " in err and f"{tmp_path}/text.jpg: it is no image" in err


def test_without_any_answer_no_file_of_values_is_written(run: Path, tmp_path: Path, capsys: Output) -> None:
    values, damaged = tmp_path / "all.csv", tmp_path / "damaged.png"
    values.write_text("of before")
    damaged.write_text("no image")
    message = refused(capsys, "predict", str(run), str(damaged), "--output", str(values))
    assert message.endswith("1 of 1 images have no answer, see above; all others have one")
    assert values.read_text() == "of before" and sorted(tmp_path.iterdir()) == [values, damaged]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_in_letters_that_are_none(run: Path, pictures: Path, tmp_path: Path, capsys: Output) -> None:
    image = tmp_path / os.fsdecode(b"\xff.png")
    image.write_bytes((pictures / "cat" / "0.png").read_bytes())
    main(["predict", str(run), str(image), "--output", str(tmp_path / "all.csv")])
    assert "?.png" in capsys.readouterr().out
    assert os.fsencode(image) in (tmp_path / "all.csv").read_bytes()


def test_nothing_is_needed_of_the_training_images(
    run: Path, pictures: Path, tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = str(pictures / "cat" / "0.png")
    main(["predict", str(run), image])
    before = capsys.readouterr().out
    with monkeypatch.context() as moved:
        moved.setattr(ImageFolder, "folder", property(lambda self: Path("/nonexistent")))
        main(["predict", str(run), image])
        assert capsys.readouterr().out == before
        assert "--replace zero needs none" in refused(capsys, "explain", str(run), image)
        main(["explain", str(run), image, "--replace", "zero", "--output", str(tmp_path / "explanation.png")])


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["predict", "nowhere", "PICTURES"], "no run in nowhere: it has no spec.json"),
        (["predict", "RUN", "nowhere.png"], "there is no file or folder nowhere.png"),
        (["predict", "RUN"], "no images are given; allowed: files and folders of images"),
        (["predict", "RUN", "EMPTY"], "no images in EMPTY; allowed: files that end in .png, "),
        (["predict", "RUN", "PICTURES", "--network", "cnn"], "network = 'cnn'; allowed: 'quantum', 'twin'"),
        (["predict", "RUN", "PICTURES", "--output", "no/all.csv"], "cannot write no/all.csv: No such file"),
        (["predict", "RUN", "IMAGE", "--output", "mask.PNG"], "output = mask.PNG; allowed: FILE.csv, or a folder, in"),
        (
            ["predict", "RUN", "PICTURES", "--output", "masks"],
            "output = masks, and the answers are no images; allowed: FILE.csv",
        ),
        (["predict", "RUN", "PICTURES", "--output", "PICTURES"], "is an image that is read; allowed: another folder"),
        (
            ["predict", "RUN", "PICTURES/cat", "PICTURES/dog", "--output", "x"],
            "would both be written to x/0.png; allowed",
        ),
        (["explain", "RUN", "PICTURES"], "has 18 images; allowed: one"),
        (["explain", "RUN", "EMPTY/text.txt"], "text.txt: it is no image"),
        (["explain", "RUN", "IMAGE", "--target", "cow"], "target = 'cow'; allowed: [owl], cat, dog"),
        (["explain", "RUN", "IMAGE", "--window", "9"], "window = 9; allowed: 1 to the 8 pixels of the longer side"),
        (["explain", "RUN", "IMAGE", "--output", "no/picture.png"], "cannot write no/picture.png: there is no folder"),
        (["explain", "RUN", "IMAGE", "--output", "IMAGE"], "0.png, which is the image that is read; allowed: another"),
        (["evaluate", "RUN", "--data.height", "3"], "these data have images of shape (3, 4, 1); allowed: (4, 4, 1)"),
        (["evaluate", "RUN", "--data.data.path", "nowhere"], "path = 'nowhere': there is no such folder"),
        (["evaluate", "RUN", "--data.data.path", "FEWER"], "these data have classes 2; allowed: 3, which the run"),
        (
            ["evaluate", "RUN", "--data.data.path", "OTHERS"],
            "these data have the classes cat, dog, pig; allowed: [owl], cat, dog",
        ),
        (["evaluate", "RUN", "--data.data.pat", "x"], "--data.data.path STR"),
        (["evaluate", "RUN", "--split", "validation"], "split = 'validation'; allowed: 'train', 'test'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input(
    run: Path,
    pictures: Path,
    command: list[str],
    message: str,
    tmp_path: Path,
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    empty = tmp_path / "EMPTY"
    empty.mkdir()
    (empty / "text.txt").write_text("no image")
    if "FEWER" in command:
        fill(tmp_path / "FEWER", ("cat", "dog"))
    if "OTHERS" in command:
        fill(tmp_path / "OTHERS", ("cat", "dog", "pig"))
    places = {"RUN": run, "PICTURES": pictures, "IMAGE": pictures / "cat" / "0.png"}
    words = [re.sub("^(RUN|PICTURES|IMAGE)", lambda name: str(places[name[0]]), word) for word in command]
    assert message in refused(capsys, *words)
    assert not (tmp_path / "x").exists() and not list(tmp_path.glob("*.png"))


def test_explain(run: Path, pictures: Path, tmp_path: Path, capsys: Output) -> None:
    picture = tmp_path / "why.png"
    main(["explain", str(run), str(pictures / "dog" / "2.png"), "--target", "cat", "--output", str(picture)])
    out = capsys.readouterr().out
    assert imread(picture).std() > 0.01
    assert "the output of class cat" in out and "without a channel" in out and "classical twin" in out
    assert out.count("│ conv ") == 4  # two channels of each network


def test_evaluate_on_another_folder(run: Path, tmp_path: Path, capsys: Output) -> None:
    other = fill(tmp_path / "other", images=4, seed=1)
    main(["evaluate", str(run), "--data.data.path", str(other), "--split", "all"])
    out = capsys.readouterr().out
    assert "all accuracy" in out and re.search(r"quantum +│ +30 │ .* 12 │", out)
    main(["evaluate", str(run), "--data.data.path", str(other)])
    assert re.search(r"quantum +│ +30 │ .* 6 │", capsys.readouterr().out)


def test_the_options_of_evaluate_are_those_of_the_data(run: Path, capsys: Output) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", str(run), "--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert {"--split", "--data.height", "--data.data.path"} <= set(re.findall(r"--[\w.-]+", out))
    assert "--model" not in out and "--seed" not in out


def test_images_that_are_no_pictures_have_none_of_one_s_own(tmp_path: Path, pictures: Path, capsys: Output) -> None:
    states = trained(small(ClusterIsing(5, num_train=8, columns=2, rows=2), 2, steps=1), tmp_path)
    image = str(pictures / "cat" / "0.png")
    assert refused(capsys, "predict", str(states), image) == (
        "qconv: data = ClusterIsing, whose images are amplitudes of states; allowed: data of pictures"
    )
    channels = trained(small(Synthetic(32, 4, 4, channels=2, num_classes=2), 2, steps=1), tmp_path)
    assert refused(capsys, "predict", str(channels), image) == (
        "qconv: data = Synthetic, whose images have 2 channels; allowed for pictures: 1 or 3"
    )
