"""What computed a run: version of the numerics, commit, packages, device and date."""

import datetime
import importlib.metadata
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import jax

import qconv
from qconv.errors import RunError
from qconv.experiment.code import COMPUTING


class Provenance(NamedTuple):
    """What worked on a run."""

    numerics: int | None
    """`qconv.NUMERICS`; None of runs from before there was one."""
    commit: str | None
    """Commit of the checkout that qconv ran from; None if it was installed without one."""
    clean: bool | None
    """Whether no file differed from the commit that it tracks, and qconv had no others; None without a commit."""
    versions: tuple[tuple[str, str], ...]
    """Versions of qconv and of the packages that compute, by name."""
    device: str
    """For example "1 x cpu", over all processes."""
    date: str
    """Day when it began, UTC, such as 2026-11-27."""

    @classmethod
    def now(cls) -> "Provenance":
        """What works in this process."""
        versions = ((package, importlib.metadata.version(package)) for package in COMPUTING)
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        return cls(
            qconv.NUMERICS, *source_commit(), (("qconv", qconv.__version__), *versions), describe_devices(), today
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Provenance":
        """The provenance that `to_json` wrote."""
        versions: Any = tuple(value["versions"].items())
        return cls(**{**value, "versions": versions})

    def to_json(self) -> dict[str, Any]:
        """The provenance as a JSON object with the same fields."""
        return self._asdict() | {"versions": dict(self.versions)}

    @property
    def at_commit(self) -> str:
        """For example "commit 8a97146f2c", "... with changes", or "qconv 0.1.0"."""
        if not self.commit:
            return f"qconv {dict(self.versions).get('qconv', 'of an unknown version')}"
        return f"commit {self.commit[:10]}{'' if self.clean else ' with changes'}"

    def __str__(self) -> str:
        """For example "computed 2026-11-27 at commit 8a97146f2c, numerics 1, jax 0.10.1, on 1 x cpu"."""
        numerics = f"numerics {self.numerics}" if self.numerics is not None else "numerics from before version 1"
        packages = "".join(f", {name} {version}" for name, version in self.versions if name in ("jax", "flax"))
        return f"computed {self.date} at {self.at_commit}, {numerics}{packages}, on {self.device}"


UNKNOWN = Provenance(None, None, None, (), "an unknown device", "an unknown day")
"""What is known of a run that does not say."""


def of_run(stored: dict[str, Any]) -> tuple[Provenance, ...]:
    """All that worked on a run, in order, by its `spec.json` or its `summary.json`.

    Raises:
        RunError: what is written there is damaged.
    """
    try:
        return tuple(Provenance.from_json(entry) for entry in stored.get("provenance", ())) or (UNKNOWN,)
    except (AttributeError, KeyError, TypeError) as error:
        raise RunError(f"what computed a run cannot be read: {stored['provenance']!r}") from error


def with_another(entries: Sequence[Provenance], entry: Provenance) -> tuple[Provenance, ...]:
    """The entries and one more, unless it differs from the last one in nothing but the date."""
    same = bool(entries) and entries[-1]._replace(date=entry.date) == entry
    return tuple(entries) if same else (*entries, entry)


def differences(then: Provenance, now: Provenance) -> str:
    """What differs, in words, such as "numerics 1, now 2; jax 0.10.1, now 0.12.0"; nothing if nothing does."""
    if then == UNKNOWN:
        return f"it is from before runs said what computed them, and this is {now.at_commit}, numerics {now.numerics}"
    pairs: list[tuple[str, Any, Any]] = [("numerics", then.numerics, now.numerics)]
    pairs += [(name, dict(then.versions).get(name), version) for name, version in now.versions]
    found = [f"{name} {was or 'unknown'}, now {is_now}" for name, was, is_now in pairs if was != is_now]
    if (then.commit, then.clean) != (now.commit, now.clean) or now.clean is False:
        found.append(f"{then.at_commit}, now {now.at_commit}")
    if then.device != now.device:
        found.append(f"{then.device}, now {now.device}")
    return "; ".join(found)


@lru_cache(maxsize=1)  # as it is when the process begins: what is imported later was there by then
def source_commit() -> tuple[str | None, bool | None]:
    """The commit of the checkout that qconv runs from, and whether it is all that qconv is; None twice without.

    No file that it tracks may differ from it, nor may there be modules of qconv that it does not track.

    A checkout that holds an installed qconv among files it does not track, in a virtual environment, is another one.
    """
    package = Path(qconv.__file__).parent

    def git(*command: str) -> str:
        call = ["git", "-C", str(package), *command]
        return subprocess.run(call, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "__init__.py")
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD"), not changed and not git("ls-files", "--others", "--exclude-standard", "*.py")
    except (OSError, subprocess.SubprocessError):
        return None, None


def describe_devices() -> str:
    """For example "1 x cpu", over all processes."""
    return f"{jax.device_count()} x {jax.devices()[0].device_kind}"
