"""Work on many files: on all cores, with progress."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from qconv.console import text_console
from qconv.progress import LiveProgress

_PART = 32
"""Files that a thread takes at a time."""
_SECONDS_UNSEEN = 1
"""From one look at the progress to the next; off a terminal, what is done by the first one shows none."""

T = TypeVar("T")
R = TypeVar("R")


def over_files(name: str, work: Callable[[T], R], files: Sequence[T]) -> Generator[R]:
    """What `work` makes of each of some files, in their order, a few of which are worked on ahead.

    Threads do it, since Pillow and hashlib let others run while they work. Progress is on standard error.

    Args:
        name: of the work, for progress.
        work: is called in several threads.
        files: or whatever stands for one each.
    """

    def of_part(first: int) -> list[R]:
        return [work(file) for file in files[first : first + _PART]]

    if not files:
        return
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    coming = iter(range(0, len(files), _PART))
    started = said = time.perf_counter()
    console, total = text_console(stderr=True), len(files)
    with ThreadPoolExecutor(threads) as pool, LiveProgress(console, "image", name, total) as progress:
        waiting, done = deque(pool.submit(of_part, first) for first in islice(coming, 2 * threads)), 0
        try:
            while waiting:
                found = waiting.popleft().result()
                waiting.extend(pool.submit(of_part, first) for first in islice(coming, 1))
                yield from found
                done += len(found)
                now = time.perf_counter()
                if now - said > _SECONDS_UNSEEN or (done == total and (said > started or console.is_terminal)):
                    said = now
                    rate = done / (now - started)
                    progress.say(name, done, rate, f"{rate:,.0f} images/s")
        finally:
            pool.shutdown(cancel_futures=True)
