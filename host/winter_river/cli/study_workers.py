"""Spreads the work of a study over processes: bounded, in order, and gone when the program goes.

Each process makes its own worker once (a plan and a settled base, a memory of settled states) and then answers one
job after another, so nothing is shared and nothing is global. With one process everything runs here.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

import typer

from winter_river.cli.errors import CommandError

Job = TypeVar("Job")
Result = TypeVar("Result")

PROCESSES_MAX = 16  # chosen: a desktop; a study is no reason to take a server down
STOP_S = 2.0  # how long a process may take to go once it is told to
INTERRUPTED = 130  # the exit code of a program ended by Ctrl-C


def processes_default() -> int:
    """One for each processor this program may use."""
    return max(1, min(PROCESSES_MAX, len(os.sched_getaffinity(0))))


def compile_once(is_kept: Callable[[], bool] | None = None, prepare: Callable[[], None] | None = None) -> bool:
    """Whether a study runs compiled: where the extra `fast` is there. The first time it compiles here and now, so
    that the processes of the study find it on the disk instead of compiling each for itself.

    is_kept, prepare: of what runs; the engine's own where they are left out.
    """
    from winter_river.engine import fast

    if not fast.is_installed():
        return False
    if not (is_kept or fast.is_kept)():
        typer.echo("compiling the engine, once for this version (about a minute) ...", err=True)
    (prepare or fast.prepare)()
    return True


def spread(
    make: Callable[[], Callable[[Job], Result]],
    jobs: Sequence[Job],
    *,
    processes: int,
    done: Callable[[int], None],
) -> list[Result]:
    """The result of each job, in the order of the jobs. done: told the place of each job that ends.

    make: gives what runs a job; with more than one process it must be picklable. Raises CommandError on Ctrl-C and
    where a process dies.
    """
    try:
        if processes <= 1 or len(jobs) <= 1:
            return _alone(make(), jobs, done)
        return _together(make, jobs, min(processes, len(jobs), PROCESSES_MAX), done)
    except KeyboardInterrupt:
        raise CommandError("stopped by Ctrl-C; nothing was written", code=INTERRUPTED) from None


def _alone(run: Callable[[Job], Result], jobs: Sequence[Job], done: Callable[[int], None]) -> list[Result]:
    results = []
    for place, job in enumerate(jobs):
        results.append(run(job))
        done(place)
    return results


def _together(
    make: Callable[[], Callable[[Job], Result]], jobs: Sequence[Job], processes: int, done: Callable[[int], None]
) -> list[Result]:
    context = multiprocessing.get_context("spawn")
    results: dict[int, Result] = {}
    crew: dict[Connection, Any] = {}
    waiting = list(enumerate(jobs))[::-1]
    try:
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, make), daemon=True)
            process.start()
            theirs.close()
            crew[ours] = process
            ours.send(waiting.pop())
        while len(results) < len(jobs):
            for ready in wait(list(crew)):
                assert isinstance(ready, Connection)
                try:
                    place, ok, value = ready.recv()
                except EOFError:
                    raise CommandError("a process of the study died; try again with --processes 1") from None
                if not ok:
                    raise CommandError(f"the study failed: {value}")
                results[place] = value
                done(place)
                if waiting:
                    ready.send(waiting.pop())
    finally:
        for connection, process in crew.items():
            connection.close()
            process.terminate()
            process.join(STOP_S)
    return [results[place] for place in range(len(jobs))]


def _serve(connection: Connection, make: Callable[[], Callable[[Any], Any]]) -> None:
    """The life of one process: a job, its result, the next; it ends when the program closes its end or goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the program, which ends us
    threading.Thread(target=_go_with_the_program, daemon=True).start()
    run = make()
    while True:
        try:
            place, job = connection.recv()
        except EOFError:
            return
        try:
            connection.send((place, True, run(job)))
        except (ValueError, RuntimeError) as error:
            connection.send((place, False, str(error)))


def _go_with_the_program() -> None:
    """Ends this process at once when the program is gone, however it went: nobody waits for its result."""
    program = multiprocessing.parent_process()
    if program is not None:
        program.join()
        os._exit(1)
