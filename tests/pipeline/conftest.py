"""What the tests of whole runs share."""

import json

import pytest

FAULTS = {
    "seed": 11,
    "rules": [
        {"fault": "server_error", "share": 0.05},
        {"fault": "rate_limited", "every": 9, "retry_after_s": 0.2},
        {"fault": "reset", "share": 0.05},
        {"fault": "broken_json", "share": 0.05},
        {"fault": "truncated", "share": 0.05},
        {"fault": "prose", "share": 0.1},
        {"fault": "wrong_label", "share": 0.05},
        {"fault": "two_labels", "share": 0.05},
        {"fault": "enormous", "share": 0.03},
        {"fault": "refused", "share": 0.05},
    ],
}


@pytest.fixture(scope="session")
def fault_script() -> str:
    """All that a provider can do wrong, in shares that a run gets over."""
    return json.dumps(FAULTS)
