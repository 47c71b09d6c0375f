"""`qconv explain`."""

from pathlib import Path

import numpy as np

from qconv.commands.options import ExplainOptions
from qconv.console import text_console
from qconv.data.new_images import NewImages, pictures_in
from qconv.errors import InputError
from qconv.figure import check_picture
from qconv.report.explanation import effects_table, explanation_figure
from qconv.runs.explain import explain as explain_network
from qconv.runs.json_files import writing
from qconv.runs.load import load_all
from qconv.runs.messages import show_messages


def explain(run: Path, path: Path, options: ExplainOptions) -> None:
    """Draws which pixels decide what the networks of a run say of an image, and prints which channels do.

    Args:
        run: the run directory.
        path: of the image.
        options: what is explained, how, and where the picture goes.

    Raises:
        InputError: no such image or target, a window that does not fit, an output that is the image itself, or a task
            that does not say what its outputs mean; see also `check_picture`.
        DataUnavailableError: the training images are not there, and `replace` is their mean.
        RunError: see `load`; or the picture cannot be written.
    """
    show_messages()
    check_picture(options.output)
    pictures = pictures_in([path])
    if len(pictures) > 1:
        raise InputError(f"{path} has {len(pictures)} images; allowed: one")
    if options.output.resolve() == pictures[0].path.resolve():
        raise InputError(f"output = {options.output}, which is the image that is read; allowed: another file")
    networks = load_all(run)
    own = networks[0]
    longest = max(own.data.form.height, own.data.form.width)
    window = max(2, round(longest / 8)) if options.window is None else options.window
    if not 1 <= window <= longest:
        raise InputError(f"window = {window}; allowed: 1 to the {longest} pixels of the longer side")
    own.check_preparation()
    source = NewImages(own.data, pictures)
    picture = source.read(np.arange(1))[0]
    if problem := source.damaged.get(0):
        raise problem
    calls = own.arm.traced.calls
    found = [explain_network(each, picture, calls, options.target, window, options.replace) for each in networks]
    console = text_console()
    console.print(effects_table(found))
    with writing(options.output):
        explanation_figure(picture, found).savefig(options.output, dpi=120)
    console.print(f"picture in {options.output}", soft_wrap=True)
