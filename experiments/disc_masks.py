"""A task of your own in one file: which pixels of a noisy image belong to a disc.

make train EXP=disc_masks
"""

from dataclasses import dataclass

import flax.linen as nn
import numpy as np

import qconv as q


@dataclass(frozen=True)
class Discs(q.Dataset):
    """A disc in noise; what is to be found is its mask, 1 in the disc."""

    element = q.Element((16, 16, 1), targets=(16, 16), num_classes=2)

    def load(self, split):
        rng, count = np.random.default_rng(split == "test"), 512 if split == "train" else 128
        y, x, radius = rng.uniform((4, 4, 2), (12, 12, 5), (count, 3)).T[:, :, None, None]
        masks = (np.arange(16)[:, None] - y) ** 2 + (np.arange(16) - x) ** 2 < radius**2
        return q.ArraySource((0.7 * rng.random(masks.shape) + 0.3 * masks)[..., None], masks.astype(int), 2)


class IoU(q.Metric):
    """Pixels of discs that are found, over those that are found or in a disc."""

    name = "IoU"

    def counts(self, outputs, targets):
        found, true = outputs.argmax(-1) == 1, targets == 1
        return (found & true).sum((1, 2)), (found | true).sum((1, 2))

    def per_item(self, outputs, targets):
        both, either = self.counts(outputs, targets)
        return both / either.clip(1)

    def sums(self, outputs, targets, weights):
        return [weights @ count for count in self.counts(outputs, targets)]

    def value(self, sums, count):
        return float(sums[0] / sums[1])


@dataclass(frozen=True)
class Segmentation(q.Task):
    """A class for each pixel."""

    loss = q.CrossEntropy()
    metrics = (IoU(), q.Accuracy())

    def output_shape(self, element):
        return (*element.targets, element.num_classes)


model = q.QuanvNet(q.QuantumConv(features=2), nn.Conv(2, (5, 5)))
experiment = q.Experiment(Discs(), model, q.Supervised(q.Adam(1e-2), num_steps=300), Segmentation())
