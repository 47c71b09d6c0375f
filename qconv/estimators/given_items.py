"""What an experiment knows of items that are handed to its loop."""

from dataclasses import dataclass

from qconv.data.dataset import Dataset, Element, Source, Split
from qconv.errors import DataUnavailableError


@dataclass(frozen=True)
class GivenItems(Dataset):
    """Items in memory that are no part of the spec: of them it says what one is, and not which ones there are."""

    given: Element
    """What one of them is."""

    @property
    def element(self) -> Element:
        """What one of them is."""
        return self.given

    def load(self, split: Split) -> Source:
        """None: whoever has the items gives them to the loop."""
        raise DataUnavailableError("items that were given in memory cannot be read again")
