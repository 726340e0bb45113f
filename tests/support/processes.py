"""Lists the processes that a test has started."""

from pathlib import Path


def list_processes(session: int) -> list[str]:
    """Return the state and command of each process of a session, without zombies."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, its_session = (place / "stat").read_text().rpartition(")")[2].split()[:4]
            command = (place / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # it has just ended
        if int(its_session) == session and state != "Z":
            found.append(f"{state} {command}")
    return found
