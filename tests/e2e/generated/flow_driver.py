"""Run the golden's flow for the cases on standard input, and say what became of each.

A script, run in a process of its own with the golden's `src` in PYTHONPATH. It writes
`results.json` and `debug.log`, which holds all that any library logs, into the current
folder. The only thing that it changes is time: a retry comes at once.
"""

import functools
import importlib
import json
import logging
import resource
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Read `{"blocks": {name: value}, "cases": {name: arguments}}`; run all cases.

    With `"in_batches": true` by the flow that streams.
    """
    order = json.load(sys.stdin)
    # By name, since mypy checks this script without the golden in its path.
    flows = importlib.import_module("acme.orchestration.prefect.flows")
    tasks = importlib.import_module("acme.orchestration.prefect.tasks")
    secret = importlib.import_module("prefect.blocks.system").Secret

    text = logging.FileHandler("debug.log", encoding="utf-8")
    logging.getLogger().setLevel(logging.DEBUG)
    for name in ("", "prefect", "prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addHandler(text)

    for name, value in order.get("blocks", {}).items():
        secret(value=value).save(name, overwrite=True)

    attempts: Counter[str] = Counter()
    in_batches = order.get("in_batches", False)
    name = "postgresql_to_adls_in_batches" if in_batches else "postgresql_to_adls"
    flow = getattr(flows, name).with_options(retry_delay_seconds=0)
    flow.on_running_hooks.append(lambda *_: attempts.update(["flow"]))
    for task in (
        tasks.postgresql_to_df,
        tasks.df_to_adls,
        tasks.postgresql_batches_to_adls,
    ):
        task.retry_delay_seconds = 0
        task.fn = _counted(task.fn, attempts)

    results: dict[str, dict[str, Any]] = {}
    for name, arguments in order["cases"].items():
        attempts.clear()
        begin = Path("debug.log").stat().st_size
        state = flow(**arguments, return_state=True)
        error = None if state.is_completed() else state.result(raise_on_failure=False)
        text.flush()
        results[name] = {
            "state": state.type.value,
            "attempts": dict(attempts),
            # The highest until now: KiB, and bytes on macOS.
            "peak_rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            "type": type(error).__name__,
            "text": str(error),
            "what": getattr(error, "what", ""),
            "where": getattr(error, "where", ""),
            "next_step": getattr(error, "next_step", ""),
            "log": Path("debug.log").read_bytes()[begin:].decode(errors="replace"),
        }
    Path("results.json").write_text(json.dumps(results), encoding="utf-8")


def _counted(
    function: Callable[..., object], attempts: Counter[str]
) -> Callable[..., object]:
    """Count the calls of a task's function, under its name."""

    @functools.wraps(function)
    def counted(*arguments: object, **options: object) -> object:
        attempts.update([function.__name__])
        return function(*arguments, **options)

    return counted


if __name__ == "__main__":
    main()
