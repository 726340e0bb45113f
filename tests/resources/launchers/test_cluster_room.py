"""What waits for a node of a cluster: it says so once, for what and how long, and gives up."""

import pytest

from resources.launchers import cluster_room
from resources.launchers.cluster_room import VARIABLE, NoRoom, Waiting

GIB = 1024**3
WANTED = {"cpus": 4, "gpus": 1, "memory_gb": 8}
HEAD = {"memory": 64.0 * GIB}  # without cores, so it takes nothing
SMALL = {"CPU": 16.0, "memory": 64.0 * GIB}
LARGE = {"CPU": 4.0, "GPU": 1.0, "memory": 8.0 * GIB}


@pytest.mark.parametrize(
    ("nodes", "set_s", "told"),
    [
        (
            [HEAD, SMALL, LARGE],
            "",
            "every node that is large enough is busy. It gives up after 900 s",
        ),
        (
            [HEAD, SMALL],
            "",
            "1 has of each is cpus 16, gpus 0 and memory_gb 64. It gives up after 30 s",
        ),
        ([HEAD, SMALL], "7200", "It gives up after 7200 s (EEMO_RAY_WAIT_S)"),
        ([HEAD], "", "the cluster has no node that takes work. It gives up after 30 s"),
    ],
)
def test_the_wait_is_said_once_with_its_end(
    nodes: list[dict[str, float]], set_s: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_room, "_QUIET_S", 0.0)
    monkeypatch.setenv(VARIABLE, set_s)
    said: list[str] = []
    waiting = Waiting("The job", WANTED, "Lower a key.")
    for _ in range(3):
        waiting.look(lambda: nodes, said.append)
    (line,) = said
    assert line.startswith("The job waits for a node with room for cpus 4, gpus 1 and memory_gb 8:")
    assert told in line
    monkeypatch.setenv(VARIABLE, "0")
    with pytest.raises(NoRoom, match=r"It gave up after 0 s \(EEMO_RAY_WAIT_S\)\. Lower a key\."):
        Waiting("The job", WANTED, "Lower a key.").look(lambda: nodes, said.append)
