"""The work of the commands under `eemo review`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eemo_pipeline.cli.data_root import choose_data_root
from eemo_pipeline.cli.output import as_objects, clean, counted, say, show, show_json, show_rows
from eemo_pipeline.cli.ports import require_free_port
from eemo_pipeline.cli.problems import Exit, Problem, wrong_usage
from eemo_pipeline.cli.review_draws import judge_draws
from eemo_pipeline.cli.shell_text import command, shown
from eemo_pipeline.lake.data_root import DataRoot

if TYPE_CHECKING:
    from eemo_pipeline.web.database import ReviewDatabase
    from eemo_pipeline.web.queue_import import Imported

FIRST_PERSON = "me"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@contextmanager
def open_reviews(root: DataRoot) -> Iterator["ReviewDatabase"]:
    """Open the review database of a data root.

    Raises:
        Problem: it cannot be opened.
    """
    from eemo_pipeline.web.database import VARIABLE, ReviewDatabase, ReviewStoreProblem

    try:
        database = ReviewDatabase(os.environ.get(VARIABLE) or root.review)
    except ReviewStoreProblem as error:
        where = VARIABLE if os.environ.get(VARIABLE) else shown(root.review)
        raise Problem(
            "the review database cannot be opened", where, str(error), command("doctor", root)
        ) from error
    try:
        yield database
    finally:
        database.close()


def serve(data: Path | None, host: str, port: int, allowed: list[str], *, as_json: bool) -> Exit:
    """Serve the review tool until Ctrl-C.

    Raises:
        Problem: there is no queue, the port is taken, the log is broken, or the server would be
            reached under any name.
    """
    from eemo_pipeline.web.server import run_server

    root = choose_data_root(data)
    if host not in _LOOPBACK and not allowed:
        raise wrong_usage(
            "a server that others can reach needs the names under which they reach it",
            f"--host {host}",
            "any page in a browser could otherwise use it under a name of its own",
            command("review serve", root, f"--host {host} --allow-host NAME"),
            "put a reverse proxy with TLS before it, and keep --host 127.0.0.1",
        )
    require_free_port(host, port, "review serve", root)
    with open_reviews(root) as database:
        _require_intact(database, root)
        _require_guidelines(root)
        imported = _import(database, root)
        address = f"http://{host if host in _LOOPBACK else allowed[0]}:{port}"
        first = _first_link(database, address)
        if as_json:
            show_json({"address": address, "tasks": imported.tasks, "login": first})
        else:
            show(first or address)
        if first:
            say(
                f"this link works once; {command('review users link', root)} {FIRST_PERSON}"
                "  # makes another"
            )
        say(f"{counted(imported.tasks, 'task')}; Ctrl-C stops the server, and nothing is lost")
        run_server(database, root, host, port, allowed)
    return Exit.INTERRUPTED


def take_queue(data: Path | None, *, as_json: bool) -> None:
    """Import the pipeline's queue, and show what is new.

    Raises:
        Problem: there is no queue.
    """
    root = choose_data_root(data)
    with open_reviews(root) as database:
        imported = _import(database, root)
    if as_json:
        show_json(vars(imported))
        return
    show(
        f"{counted(imported.tasks, 'task')}, {imported.added:,} of them new; "
        f"{counted(imported.drafts, 'draft')}"
    )


def show_stats(data: Path | None, *, as_json: bool) -> None:
    """Show the progress of the review, and of the draws by which people accept records."""
    from eemo_pipeline.web.progress import count
    from eemo_pipeline.web.votes import read_votes

    root = choose_data_root(data)
    with open_reviews(root) as database:
        progress = count(database)
        with database.reading() as connection:
            votes = read_votes(connection).rows
    inspections, study = judge_draws(root, votes)
    if as_json:
        show_json(
            progress | {"inspections": as_objects(*inspections)} | {"study": as_objects(*study)}
        )
        return
    rows = [tuple(row.values()) for row in progress["queues"]]
    show_rows(("queue", "state", "tasks", "judgements"), rows)
    show(f"{counted(progress['events'], 'event')}; slots: {progress['judgements'] or 'none'}")
    for table in (inspections, study):
        if table[1]:
            show()
            show_rows(*table)


def verify_log(data: Path | None, *, as_json: bool) -> Exit:
    """Recompute the chain of the log and say whether it holds."""
    from eemo_pipeline.web.event_log import find_end, verify

    root = choose_data_root(data)
    with open_reviews(root) as database, database.reading() as connection:
        broken = verify(connection)
        seq, last_hash = find_end(connection)
    if as_json:
        fault = vars(broken) if broken else None
        show_json({"events": seq, "last_hash": last_hash, "broken": fault})
    elif broken is None:
        show(f"{counted(seq, 'event')}, the chain holds; the last hash is {last_hash}")
    else:
        say(f"event {broken.seq}: {broken.why}")
    return Exit.OK if broken is None else Exit.CHECK_FAILED


def replay_log(data: Path | None, *, as_json: bool) -> Exit:
    """Rebuild the slots from the events and say whether anything changed."""
    from eemo_pipeline.web.replay import replay

    root = choose_data_root(data)
    with open_reviews(root) as database:
        count, is_same = replay(database)
    if as_json:
        show_json({"events": count, "is_same": is_same})
    else:
        result = "the same" if is_same else "another"
        show(f"{counted(count, 'event')} replayed; the result is {result}")
    return Exit.OK if is_same else Exit.CHECK_FAILED


def add_person(data: Path | None, name: str, role: str, port: int, *, as_json: bool) -> None:
    """Add a person and show their link.

    Raises:
        Problem: the name is taken or no name.
    """
    from eemo_pipeline.web.people import PersonProblem, add_rater

    root = choose_data_root(data)
    with open_reviews(root) as database:
        try:
            token = add_rater(database, name, role)
        except PersonProblem as error:
            renewed = f"{command('review users link', root)} {name}"
            raise wrong_usage("nobody was added", name, str(error), renewed) from error
    _show_link(_link(f"http://127.0.0.1:{port}", token), as_json=as_json)


def renew_link(data: Path | None, name: str, port: int, *, as_json: bool) -> None:
    """Show a new link of a person.

    Raises:
        Problem: nobody has this name.
    """
    from eemo_pipeline.web.people import PersonProblem
    from eemo_pipeline.web.people import renew_link as renew

    root = choose_data_root(data)
    with open_reviews(root) as database:
        try:
            token = renew(database, name)
        except PersonProblem as error:
            raise _unknown(error, name, root) from error
    _show_link(_link(f"http://127.0.0.1:{port}", token), as_json=as_json)


def remove_person(data: Path | None, name: str, *, withdraw: bool, as_json: bool) -> None:
    """Take a person's access, and what they said where they withdraw it.

    Raises:
        Problem: nobody has this name.
    """
    from eemo_pipeline.web import administration
    from eemo_pipeline.web.people import PersonProblem, deactivate

    root = choose_data_root(data)
    with open_reviews(root) as database:
        try:
            (administration.withdraw if withdraw else deactivate)(database, name)
        except PersonProblem as error:
            raise _unknown(error, name, root) from error
    if as_json:
        show_json({"name": name, "is_active": False, "is_withdrawn": withdraw})
    elif withdraw:
        show(f"{clean(name)} can no longer log in; what they said is left out from the next run on")
        say(f"{command('run', root)}  # leaves it out of the tables")
    else:
        show(f"{clean(name)} can no longer log in; what they said stays")


def show_people(data: Path | None, *, as_json: bool) -> None:
    """Show who may log in."""
    from eemo_pipeline.web.people import list_raters

    root = choose_data_root(data)
    with open_reviews(root) as database:
        people = list_raters(database)
    columns = ("name", "role", "is_active", "rater_id")
    rows = [tuple(person[column] for column in columns) for person in people]
    if as_json:
        show_json(as_objects(columns, rows))
    else:
        show_rows(columns, rows)


def _import(database: "ReviewDatabase", root: DataRoot) -> "Imported":
    from eemo_pipeline.lake.parquet import DamagedTable
    from eemo_pipeline.web.queue_import import NoQueue, import_queue

    try:
        return import_queue(database, root)
    except DamagedTable as error:
        raise Problem(
            "the queue cannot be read", shown(root.tables), str(error), command("run", root)
        ) from error
    except NoQueue as error:
        raise Problem(
            "there is nothing to review yet", shown(root.path), str(error), command("run", root)
        ) from error


def _require_intact(database: "ReviewDatabase", root: DataRoot) -> None:
    """Refuse to add to a log that was changed.

    Raises:
        Problem: the chain is broken.
    """
    from eemo_pipeline.web.event_log import verify

    with database.reading() as connection:
        broken = verify(connection)
    if broken is not None:
        raise Problem(
            "the log of answers was changed",
            f"event {broken.seq}",
            broken.why,
            f"restore a copy of {shown(root.review)}",
            code=Exit.CHECK_FAILED,
        )


def _require_guidelines(root: DataRoot) -> None:
    """Refuse to serve without the guidelines that people judge by.

    Raises:
        Problem: the file of the data root cannot be used.
    """
    from eemo_pipeline.web.guidelines import GuidelinesProblem, read_guidelines

    try:
        read_guidelines(root)
    except GuidelinesProblem as error:
        raise Problem(
            "the guidelines cannot be read",
            shown(root.guidelines),
            str(error),
            "mend the file, or remove it: then the guidelines of the package are used",
        ) from error


def _first_link(database: "ReviewDatabase", address: str) -> str | None:
    """Return a link for the first person, where there is nobody yet."""
    from eemo_pipeline.web.people import add_rater, list_raters

    if list_raters(database):
        return None
    return _link(address, add_rater(database, FIRST_PERSON, "admin"))


def _link(address: str, token: str) -> str:
    return f"{address}/login#{token}"


def _show_link(link: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"login": link})
    else:
        show(link)
        say("this link works once")


def _unknown(error: Exception, name: str, root: DataRoot) -> Problem:
    listing = command("review users list", root)
    return wrong_usage("no such person", name, str(error), listing)
