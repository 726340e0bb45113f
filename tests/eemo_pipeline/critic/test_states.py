from hypothesis import given
from hypothesis import strategies as st

from eemo_pipeline.critic.rules import (
    FIELDS,
)
from eemo_pipeline.critic.states import MAX_ROUNDS, Pass, next_state, revisable_fields

PASSES = st.lists(
    st.builds(
        lambda values, verdicts: Pass(
            dict(zip(FIELDS, values, strict=True)),
            dict(zip(FIELDS, verdicts, strict=True)),
            {
                name: frozenset() if verdict == "valid" else frozenset({"X"})
                for name, verdict in zip(FIELDS, verdicts, strict=True)
            },
        ),
        st.lists(st.integers(0, 2), min_size=7, max_size=7),
        st.lists(st.sampled_from(["valid", "revisable", "discarded"]), min_size=7, max_size=7),
    ),
    min_size=1,
    max_size=MAX_ROUNDS,
)


@given(PASSES, st.frozensets(st.sampled_from(FIELDS)))
def test_state_machine_laws(passes, askable):
    state = next_state(passes, askable)
    verdicts = passes[-1].verdicts
    if len(passes) == MAX_ROUNDS:
        assert state != "annotating"
    if state == "annotating":
        assert revisable_fields(passes[-1]) & askable
        assert verdicts["emotion"] != "discarded"
    if state == "preserved":
        assert "revisable" not in verdicts.values()
        assert verdicts["emotion"] == "valid"
    if verdicts["emotion"] == "discarded":
        assert state == "dropped"


def one_pass(value: object, verdict: str, *found: str) -> Pass:
    return Pass({"emotion": value}, {"emotion": verdict}, {"emotion": frozenset(found)})


def test_loop_stops_without_progress_and_on_oscillation():
    askable = {"emotion"}
    first = one_pass("awe", "revisable", "X")
    assert next_state([first], askable) == "annotating"
    assert next_state([first], set()) == "human"
    assert next_state([first, one_pass("awe", "revisable", "Y")], askable) == "human"
    assert next_state([first, one_pass("fear", "revisable", "X")], askable) == "human"
    assert next_state([first, one_pass("fear", "revisable", "Y")], askable) == "annotating"
    assert next_state([first, one_pass("awe", "valid")], askable) == "preserved"


def test_oscillation_is_a_return_to_an_earlier_value(monkeypatch):
    monkeypatch.setattr("eemo_pipeline.critic.states.MAX_ROUNDS", 9)
    back = [
        one_pass("awe", "revisable", "X"),
        one_pass("fear", "revisable", "Y"),
        one_pass("awe", "revisable", "Z"),
    ]
    assert next_state(back, {"emotion"}) == "human"
    on = [*back[:2], one_pass("anger", "revisable", "Z")]
    assert next_state(on, {"emotion"}) == "annotating"
