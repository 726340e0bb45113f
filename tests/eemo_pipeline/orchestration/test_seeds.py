"""The seeds that a release states are those of the assets' settings."""

from eemo_pipeline.orchestration.seeds import list_seeds


def test_every_step_with_a_seed_is_listed() -> None:
    assert list_seeds() == {
        "assess": "eemodb",
        "labels__label_points": "eemodb",
        "labels__validation_items": "eemodb",
        "qa": "eemodb",
        "training__runs": "7",
    }
