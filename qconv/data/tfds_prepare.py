"""Prepares a TFDS dataset with TFDS's own builder, without TensorFlow: `python tfds_prepare.py NAME DATA_DIR`.

It runs in a process of its own, so that the stand-in for TensorFlow and the limits on downloads never reach a
training process. It imports nothing of qconv. Progress goes to standard error; standard output carries one message,
and only when the preparation failed (exit status 1).
"""

import contextlib
import fcntl
import glob
import importlib.util
import io
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlparse

import numpy as np
import requests.adapters
from jaxtyping import Shaped
from PIL import Image

ANSWER_S: float = 15
"""Seconds a server has for its first answer, all attempts together."""
STALL_S: float = 60
"""Seconds without a byte after which a download is given up."""


class _StandIn(ModuleType):
    """The module `tensorflow`, as far as the builders of TFDS use it to prepare images."""

    __version__ = "2.1.0"  # the oldest that TFDS accepts
    executing_eagerly = staticmethod(lambda: True)
    compat = SimpleNamespace(as_text=os.fsdecode)
    errors = SimpleNamespace(UnimplementedError=NotImplementedError, ResourceExhaustedError=MemoryError)
    image = SimpleNamespace(encode_png=lambda image: SimpleNamespace(numpy=lambda: _encode_png(image)))
    io = SimpleNamespace(
        gfile=SimpleNamespace(
            GFile=open,
            copy=shutil.copyfile,
            exists=os.path.exists,
            glob=glob.glob,
            isdir=os.path.isdir,
            listdir=os.listdir,
            remove=os.remove,
            walk=os.walk,
        )
    )

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"its builder needs TensorFlow itself (tf.{name})")


def install_stand_in() -> None:
    """Gives TFDS the stand-in, unless TensorFlow is installed."""
    from tensorflow_datasets.core.utils import lazy_imports_utils

    if importlib.util.find_spec("tensorflow") is None:
        sys.modules["tensorflow"] = _StandIn("tensorflow")
        _ = lazy_imports_utils.tensorflow.__version__  # TFDS imports it at the first use and keeps it
        # The packages below TFDS would take it for the real one if they found it among the modules.
        del sys.modules["tensorflow"]


def _encode_png(image: Shaped[np.ndarray, "height width channels"]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(buffer, "PNG")
    return buffer.getvalue()


class _ImpatientAdapter(requests.adapters.HTTPAdapter):
    """Gives up soon where no server answers: TFDS would try for minutes, and wait for ever on a silent connection."""

    def __init__(self, max_retries: Any) -> None:
        super().__init__(max_retries=max_retries.new(connect=2))

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        answer: Future[requests.Response] = Future()
        options["timeout"] = (ANSWER_S, STALL_S)

        def attempt() -> None:
            try:
                answer.set_result(super(_ImpatientAdapter, self).send(request, *args, **options))
            except Exception as error:
                answer.set_exception(error)

        # Only waiting from outside bounds the look-up of the name and the attempts at each address of a host together.
        threading.Thread(target=attempt, daemon=True).start()
        try:
            return answer.result(ANSWER_S)
        except TimeoutError:
            raise requests.ConnectTimeout(f"silent for {ANSWER_S:g} s", request=request) from None


def prepare(name: str, data_dir: Path) -> None:
    """Downloads a dataset and writes it to `data_dir` as array_record; what is already there is left as it is.

    Processes that prepare in the same folder wait for each other. A failure leaves finished downloads and nothing else.

    Raises:
        RuntimeError: the folder cannot be written to, or a download failed; the message says why and what helps.
        Exception: whatever the builder raises.
    """
    import tensorflow_datasets as tfds

    builder: Any = tfds.builder(name, data_dir=data_dir)
    # Not the same folders for all datasets, as in TFDS: the archives of mnist and fashion_mnist have the same names,
    # and what was extracted from one of them would be taken for the other.
    manual_dir, extract_dir = (data_dir / "downloads" / folder / builder.name for folder in ("manual", "extracted"))
    config = tfds.download.DownloadConfig(manual_dir=manual_dir, extract_dir=extract_dir, try_download_gcs=False)
    new_folders = [folder for folder in (data_dir, *data_dir.parents) if not folder.exists()]
    try:
        _make_writable(data_dir)
        with _lock(data_dir), mock.patch.object(requests.adapters, "HTTPAdapter", _ImpatientAdapter):
            try:
                builder.download_and_prepare(file_format="array_record", download_config=config)
            finally:
                _tidy(data_dir, builder.name)
    except requests.RequestException as error:
        host = urlparse(error.request.url).hostname if error.request else "the server"
        reason = getattr(next(iter(error.args), error), "reason", error)
        archives = ", ".join(url for url, info in (builder.url_infos or {}).items() if info.filename)
        raise RuntimeError(
            f"no download from {host} ({type(reason).__name__}). Without a network, put the original archives "
            f"({archives}) in {manual_dir}"
        ) from error
    finally:
        for folder in new_folders:
            with contextlib.suppress(OSError):  # not empty, or not created
                folder.rmdir()


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(f"this folder cannot be created ({error.strerror})") from error
    if not os.access(folder, os.W_OK):
        raise RuntimeError("this folder cannot be written to")


@contextlib.contextmanager
def _lock(folder: Path) -> Generator[None]:
    """Held by one process at a time, and released by the system when that process dies."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems cannot lock a folder
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _tidy(data_dir: Path, name: str) -> None:
    """Removes extracted archives, what interrupted preparations of the dataset left, and empty folders."""
    downloads = data_dir / "downloads"
    for pattern in (f"downloads/extracted/{name}", f"downloads/{name}/**/*.tmp.*", f"{name}/**/incomplete.*"):
        for left_over in data_dir.glob(pattern):
            shutil.rmtree(left_over, ignore_errors=True)
    folders = [folder for top in (data_dir / name, downloads / name) for folder, _, _ in os.walk(top, topdown=False)]
    for folder in (*folders, downloads / "extracted", downloads):
        with contextlib.suppress(OSError):  # not empty
            os.rmdir(folder)


def main() -> None:
    """Prepares the dataset named on the command line; ends the process."""
    name, data_dir = sys.argv[1:]
    message = ""
    logging.disable(logging.WARNING)  # urllib3 reports each attempt
    # Ctrl-C reaches both processes; the one that waits for this one passes it on, and once is enough to tidy up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.redirect_stdout(sys.stderr):  # TFDS prints there
        try:
            install_stand_in()
            prepare(name, Path(data_dir))
        except KeyboardInterrupt:
            os._exit(1)  # nobody waits for a message
        except Exception as error:
            kind = "" if isinstance(error, RuntimeError) else f"{type(error).__name__}: "
            message = f"{kind}{error}".splitlines()[0]
    print(message, flush=True)
    # Not sys.exit, which would wait for the downloads that are still running.
    os._exit(1 if message else 0)


if __name__ == "__main__":
    main()
