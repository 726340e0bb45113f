"""Settings of the local provider server that tests in several folders share."""

import json
from typing import Any

# Faults from which a call recovers with the same answer.
RECOVERABLE_RULES: list[dict[str, Any]] = [
    {"fault": "server_error", "share": 0.05},
    {"fault": "rate_limited", "every": 9, "retry_after_s": 0.2},
    {"fault": "reset", "share": 0.05},
    {"fault": "broken_json", "share": 0.05},
    {"fault": "truncated", "share": 0.05},
]
# Provider faults at rates from which a run recovers.
FAULTS = {
    "seed": 11,
    "rules": [
        *RECOVERABLE_RULES,
        {"fault": "prose", "share": 0.1},
        {"fault": "wrong_label", "share": 0.05},
        {"fault": "two_labels", "share": 0.05},
        {"fault": "enormous", "share": 0.03},
        {"fault": "refused", "share": 0.05},
    ],
}
FAULT_SCRIPT = json.dumps(FAULTS)
