"""Which experiments run without a download."""

from qconv.data.dataset import Dataset
from qconv.data.folder import FolderOfImages
from qconv.data.tfds import Tfds
from qconv.errors import InputError
from qconv.experiment.discovery import available
from qconv.experiment.loading import load


def experiments_without_download() -> list[str]:
    """Names of the experiments whose images come with a dependency or are made from a seed, and are not the user's."""
    names = []
    for name in available():
        try:
            experiment, _ = load(name)
        except InputError:  # a mistake in another experiment is not what the user is told about here
            continue
        data = experiment.data
        while isinstance(inner := getattr(data, "data", None), Dataset):  # made from another one
            data = inner
        if not isinstance(data, Tfds | FolderOfImages):
            names.append(name)
    return names
