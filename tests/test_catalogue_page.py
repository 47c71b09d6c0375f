"""The catalogue in the documentation is what the script writes."""

import pytest

from qconv.ansatz.base import Ansatz
from qconv.encoding.base import Encoding
from qconv.readout.base import Readout
from scripts import catalogue


@pytest.mark.parametrize("base", [Encoding, Ansatz, Readout])
def test_every_class_has_a_section(base):
    text = catalogue.PAGE.read_text()
    for cls in catalogue.classes(base):
        assert f"### {cls.__name__}\n" in text and f"from {cls.__module__} import {cls.__name__}\n" in text


@pytest.mark.slow
def test_the_page_is_up_to_date():
    assert catalogue.PAGE.read_text() == catalogue.page()
