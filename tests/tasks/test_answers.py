"""What outputs tell a person: answers, and what of them is explained."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from qconv.errors import InputError
from qconv.tasks.classification import Classification
from qconv.tasks.losses import SquaredError
from qconv.tasks.restoration import Restoration
from qconv.tasks.segmentation import Segmentation
from qconv.tasks.task import Task

NAMES = ("cat", "dog", "owl", "7")
RNG = np.random.default_rng(0)


def test_a_class_its_score_and_the_next_ones() -> None:
    logits = np.log(np.array([[0.1, 0.6, 0.05, 0.25], [0.7, 0.1, 0.15, 0.05]], np.float32))
    first, second = Classification().answers(logits, NAMES)
    assert dict(first.words) == {"class": "dog", "score": "0.6000", "next": "7 0.2500, cat 0.1000"}
    assert dict(second.words) == {"class": "cat", "score": "0.7000", "next": "owl 0.1500, dog 0.1000"}
    assert first.values["class"] == "dog" and first.values["score"] == pytest.approx(0.6)
    assert [first.values[f"score of {name}"] for name in NAMES] == pytest.approx([0.1, 0.6, 0.05, 0.25])
    assert first.picture is None
    (scored,) = Classification(SquaredError()).answers(np.array([[0.25, -0.5, 0.0, 0.0]], np.float32), NAMES)
    assert scored.words["score"] == "0.2500"


def test_the_output_of_a_class_is_explained() -> None:
    outputs = RNG.normal(size=(1, 4)).astype(np.float32)
    outputs[0, 2] = 9
    others: Any = jnp.asarray(RNG.normal(size=(5, 4)), jnp.float32)
    for target, label in (("", 2), ("owl", 2), ("1", 1), ("dog", 1), ("7", 3)):
        subject = Classification().subject(outputs, NAMES, target)
        assert subject.name == f"the output of class {NAMES[label]}"
        np.testing.assert_array_equal(subject.value(others, others), others[:, label])
    for target in ("cow", "4", "-1"):
        with pytest.raises(InputError, match=f"^target = '{target}'; allowed: cat, dog, owl, 7$"):
            Classification().subject(outputs, NAMES, target)


@pytest.mark.parametrize("classes", [2, 4])
def test_masks_keep_their_classes_on_disk(classes: int, tmp_path: Path) -> None:
    labels = RNG.integers(0, classes, (1, 5, 6))
    labels[0, :3], labels[0, 3, :classes] = 1, np.arange(classes)
    outputs = np.eye(classes, dtype=np.float32)[labels]
    (answer,) = Segmentation().answers(outputs, NAMES[:classes])
    parts = [np.mean(labels == label) for label in range(classes)]
    assert list(answer.values.values()) == pytest.approx(parts)
    assert answer.words["found"].startswith(f"dog {parts[1]:.1%}")
    assert answer.picture is not None
    answer.picture.save(tmp_path / "mask.png")
    with Image.open(tmp_path / "mask.png") as mask:
        np.testing.assert_array_equal(np.asarray(mask), labels[0] * (255 if classes == 2 else 1))
        assert mask.mode == ("L" if classes == 2 else "P")
        shown = np.asarray(mask.convert("RGB"))
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == classes  # each class has a colour of its own


def test_the_foreground_or_a_class_of_a_mask_is_explained() -> None:
    labels = np.array([[[0, 1, 2], [0, 0, 2]]])
    outputs = np.eye(4, dtype=np.float32)[labels] + 0.5
    others: Any = jnp.asarray(RNG.normal(size=(2, 2, 3, 4)), jnp.float32)
    cases = {
        "": ("the foreground, over 3 pixels", others[:, 0, 1, 1] + others[:, 0, 2, 2] + others[:, 1, 2, 2]),
        "owl": ("class owl, over 2 pixels", others[:, 0, 2, 2] + others[:, 1, 2, 2]),
        "7": ("class 7, over 6 pixels", others[..., 3].sum((1, 2))),  # there is none, so all count
    }
    for target, (name, value) in cases.items():
        subject = Segmentation().subject(outputs, NAMES, target)
        assert subject.name == f"the outputs of {name}"
        np.testing.assert_allclose(subject.value(others[..., :1], others), value, atol=1e-5)
    with pytest.raises(InputError, match=r"^target = 'cow'; allowed: cat, dog, owl, 7$"):
        Segmentation().subject(outputs, NAMES, "cow")


@pytest.mark.parametrize("channels", [1, 3])
def test_restored_images_are_cut_off_at_black_and_white(channels: int) -> None:
    image = np.array([[-0.5, 0.2], [0.6, 1.5]], np.float32)[..., None].repeat(channels, -1)
    (answer,) = Restoration().answers(image[None], ())
    assert dict(answer.words) == {"mean": "0.450", "darkest": "-0.500", "brightest": "1.500"}
    assert answer.picture is not None
    np.testing.assert_array_equal(
        np.asarray(answer.picture), np.squeeze(np.array([[0, 51], [153, 255]])[..., None].repeat(channels, -1))
    )


def test_how_much_is_restored_is_explained() -> None:
    images, outputs = (jnp.asarray(RNG.random((2, 3, 3, 1)), jnp.float32) for _ in range(2))
    subject = Restoration().subject(np.asarray(outputs[:1]), (), "")
    np.testing.assert_allclose(subject.value(images, outputs), ((outputs - images) ** 2).sum((1, 2, 3)), rtol=1e-6)
    with pytest.raises(InputError, match=r"^target = 'cat'; allowed: none, since what is restored has no classes$"):
        Restoration().subject(np.asarray(outputs[:1]), (), "cat")
    with pytest.raises(InputError, match=r"^images of shape \(3, 3, 1\) become \(2, 3, 1\); allowed where"):
        subject.value(images, outputs[:, :2])


class Silent(Task):
    loss: Any = SquaredError()
    metrics: Any = ()

    def output_shape(self, element: Any) -> Any:
        return ()


def test_a_task_that_does_not_say_what_outputs_mean() -> None:
    with pytest.raises(InputError, match=r"^task = Silent does not say what its outputs mean; allowed: .* answers$"):
        Silent().answers(np.zeros((1, 2), np.float32), ())
    with pytest.raises(InputError, match=r"^task = Silent does not say what its outputs mean; allowed: .* subject$"):
        Silent().subject(np.zeros((1, 2), np.float32), (), "")
