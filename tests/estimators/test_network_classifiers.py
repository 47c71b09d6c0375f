"""Networks that are trained in memory, on arrays."""

import pickle
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split

import qconv as q
from qconv.errors import InputError

DIGITS = load_digits()
IMAGES, NAMES = DIGITS.images[:300], np.array(["even", "odd"])[DIGITS.target[:300] % 2]
QUICK = q.QuantumConvClassifier(features=1, strides=2, max_iter=3, learning_rate=0.05, random_state=0)


def test_images_of_any_form_are_the_same():
    fitted = clone(QUICK).fit(IMAGES, NAMES)
    assert fitted.classes_.tolist() == ["even", "odd"] and fitted.image_shape_ == (8, 8, 1)
    assert fitted.n_features_in_ == 64 and fitted.n_iter_ == 3 == len(fitted.loss_curve_)
    expected = fitted.predict_proba(IMAGES)
    assert expected.shape == (300, 2) and fitted.score(IMAGES, NAMES) > 0.7
    others = {
        "with channels": IMAGES[..., None],
        "rows": IMAGES.reshape(300, 64),
        "bytes": IMAGES.astype(np.uint8) * np.uint8(15),
        "lists": IMAGES.tolist(),
    }
    for name, images in others.items():
        shape = (8, -1) if name == "rows" else None
        found = clone(QUICK).set_params(image_shape=shape).fit(images, NAMES).predict_proba(images)
        np.testing.assert_allclose(found, expected, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(fitted.predict_proba(IMAGES.reshape(300, 64)), expected, atol=1e-6)


def test_it_is_the_network_of_its_parts():
    fitted = clone(QUICK).fit(IMAGES, NAMES)
    logits = fitted.network_.apply(
        jax.tree.map(jnp.asarray, fitted.variables_), jnp.asarray(IMAGES[..., None] / 16, jnp.float32)
    )
    assert np.array_equal(fitted.predict(IMAGES), fitted.classes_[logits.argmax(1)])


def test_the_seed_decides():
    first, same, other = (clone(QUICK).set_params(random_state=seed).fit(IMAGES, NAMES) for seed in (0, 0, 1))
    assert first.loss_curve_ == same.loss_curve_ != other.loss_curve_


def test_colours_have_channels():
    images = np.stack([IMAGES, IMAGES.transpose(0, 2, 1), 16 - IMAGES], axis=3)
    fitted = clone(QUICK).set_params(channels="sum").fit(images, NAMES)
    assert fitted.image_shape_ == (8, 8, 3) and fitted.predict(images[:2]).shape == (2,)


def test_training_stops_early_with_the_best_epoch():
    estimator = clone(QUICK).set_params(
        max_iter=30, early_stopping=True, validation_fraction=0.3, n_iter_no_change=2, learning_rate=0.2
    )
    fitted = estimator.fit(IMAGES, NAMES)
    scores = fitted.validation_scores_
    assert 3 <= fitted.n_iter_ == len(scores) < 30
    assert max(scores[-2:]) <= max(scores[:-2])
    assert max(scores) == pytest.approx(fitted.score(*kept_part(fitted)), abs=1e-9)


def kept_part(fitted):
    """What a fit with these parameters has kept."""
    seed = int(np.random.RandomState(0).randint(2**31 - 1))
    codes = np.unique(NAMES, return_inverse=True)[1]
    _, images, _, names = train_test_split(IMAGES, NAMES, test_size=0.3, stratify=codes, random_state=seed)
    return images, names


def test_a_warm_start_goes_on():
    estimator = clone(QUICK).set_params(warm_start=True)
    first = estimator.fit(IMAGES, NAMES).loss_curve_
    second = estimator.fit(IMAGES, NAMES).loss_curve_
    cold = estimator.set_params(warm_start=False).fit(IMAGES, NAMES).loss_curve_
    assert second[0] < first[-1] and cold == first
    estimator.set_params(warm_start=True)
    with pytest.raises(InputError, match="warm_start with points of shape"):
        estimator.fit(IMAGES, DIGITS.target[:300])
    with pytest.raises(InputError, match="warm_start with a network of other parameters"):
        estimator.set_params(features=2).fit(IMAGES, NAMES)


def test_a_search_reaches_the_fields_of_the_circuit():
    circuit = q.Circuit(q.Angle(), q.HardwareEfficient(1))
    grid = {"circuit__ansatz__depth": np.array([1, 2]), "features": np.array([1]), "learning_rate": [0.05]}
    search = GridSearchCV(clone(QUICK).set_params(circuit=circuit), grid, cv=2).fit(IMAGES, NAMES)
    depth = search.best_params_["circuit__ansatz__depth"]
    assert search.best_estimator_.circuit == q.Circuit(q.Angle(), q.HardwareEfficient(int(depth)))


def test_another_process_reads_what_was_pickled(tmp_path: Path):
    fitted = clone(QUICK).fit(IMAGES, NAMES)
    (tmp_path / "fitted").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "images.npy", IMAGES)
    program = (
        "import pickle, sys, numpy as np\n"
        "fitted = pickle.load(open(sys.argv[1] + '/fitted', 'rb'))\n"
        "np.save(sys.argv[1] + '/found.npy', fitted.predict_proba(np.load(sys.argv[1] + '/images.npy')))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=Path(__file__).parents[2])
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), fitted.predict_proba(IMAGES), atol=1e-5)


def test_vectors_of_any_scale():
    iris = load_iris()
    estimator = q.QuantumVectorClassifier(features=2, max_iter=30, learning_rate=0.05, random_state=0)
    accuracies = cross_val_score(estimator, iris.data * [1, 1e3, 1, 1e-3] + 7, iris.target_names[iris.target], cv=3)
    assert accuracies.mean() > 0.9


@pytest.mark.slow
def test_it_reads_digits_as_well_as_is_known():
    """The network of the experiment `quanv_digits`, whose accuracy over three seeds is 0.973 ± 0.006."""
    x, others, y, labels = train_test_split(DIGITS.images, DIGITS.target, test_size=360, random_state=0)
    assert q.QuantumConvClassifier(max_iter=45, random_state=0).fit(x, y).score(others, labels) > 0.955


@pytest.mark.parametrize(
    ("changes", "images", "message"),
    [
        ({"max_iter": 0}, IMAGES, "max_iter = 0; allowed: at least 1"),
        ({"validation_fraction": 1.0}, IMAGES, "validation_fraction = 1.0; allowed"),
        ({"kernel_size": 9, "padding": "VALID"}, IMAGES, "covers 9x9 pixels"),
        ({}, IMAGES.reshape(300, 64), "image_shape = None for rows of 64 numbers; allowed"),
        ({"image_shape": (7, -1)}, IMAGES.reshape(300, 64), r"image_shape = \(7, -1\) for rows of 64 numbers"),
        ({"image_shape": (4, 16)}, IMAGES, r"images have shape \(8, 8, 1\); allowed: image_shape = \(4, 16\)"),
    ],
)
def test_what_cannot_be_is_refused(changes, images, message):
    with pytest.raises(InputError, match=message):
        clone(QUICK).set_params(**changes).fit(images, NAMES)


def test_other_images_than_those_of_the_fit_are_refused():
    fitted = clone(QUICK).fit(IMAGES, NAMES)
    with pytest.raises(InputError, match=r"images have shape \(4, 16, 1\); allowed: \(8, 8, 1\)"):
        fitted.predict(IMAGES.reshape(300, 4, 16))
    with pytest.raises(ValueError, match="X has 63 features"):
        fitted.predict(IMAGES.reshape(300, 64)[:, 1:])
