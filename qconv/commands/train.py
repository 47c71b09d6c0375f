"""`qconv train`."""

import re

import jax

from qconv.commands.options import TrainOptions
from qconv.console import text_console
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.report.pictures import write_pictures
from qconv.report.run_summary import summary_table
from qconv.runs.messages import show_messages
from qconv.runs.provenance import Provenance, differences
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory, finished_seeds


def train(name: str, experiment: Experiment, options: TrainOptions) -> None:
    """Trains an experiment's network and its rivals, writes pictures and summary, and prints the result.

    Args:
        name: of the experiment.
        experiment: its spec.
        options: where and on which processes it runs.

    Raises:
        InputError: see `execute`; or options of `distributed` that do not fit.
        DataUnavailableError: the data are not there, also where nothing is left to train.
        RunError: see `RunDirectory` and `fit`.
    """
    _join(options)
    console = text_console(quiet=jax.process_index() > 0)
    show_messages()
    _ = experiment.element  # data that are not there get no directory
    with RunDirectory(name, experiment, options.runs, renew=options.renew) as run:
        console.print(f"run directory {run.folder}", soft_wrap=True)
        summary = run.summary
        if summary is None:
            result = execute(run, console)
            if jax.process_index() == 0:
                write_pictures(run.folder, result)
            summary = result.summary(run)
            run.write_summary(summary)
        else:
            experiment.held_out_items()  # a wrong TFDS_DATA_DIR is an error whatever was trained before
            console.print(_finished_before(summary.provenance[-1]))
        if jax.process_index() == 0:
            console.print(summary_table(run.folder, finished_seeds(run.folder)))


def _finished_before(then: Provenance) -> str:
    """What to say of a run that is only shown: whether the same would come out today, and how to see."""
    now = Provenance.now()
    changed = differences(then, now)
    if then.numerics != now.numerics:
        return f"finished before, by other numerics: {changed}; --renew sets it aside and trains anew"
    what = f" ({changed}; the numerics are the same)" if changed else ""
    return f"finished before{what}; remove the directory to train again"


def _join(options: TrainOptions) -> None:
    coordinator = options.coordinator
    given = (coordinator, options.num_processes, options.process_id)
    if not options.distributed:
        if given != (None, None, None):
            raise InputError("--coordinator, --num-processes and --process-id go with --distributed")
        return
    if None in given and given != (None, None, None):
        raise InputError("--coordinator, --num-processes and --process-id go together, or none of them under Slurm")
    if coordinator is not None and not re.fullmatch(r".+:\d{1,5}", coordinator):
        raise InputError(f"--coordinator {coordinator}; allowed: HOST:PORT")
    try:
        jax.distributed.initialize(*given)
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"cannot join other processes: {str(error).rstrip('.')}. Without a cluster manager that JAX knows, "
            "give --coordinator HOST:PORT, --num-processes and --process-id"
        ) from error
