"""The critic: judges every field of a decision, and has what can be corrected asked again.

Belongs here: the embedded default, a rule critic. It knows measured facts and no picture, and
says so: its verdicts are EmoVerse's deterministic pre-checks (arXiv 2511.12554), and a contested
emotion is never settled by it alone. `judge` is one pass, `review` the whole loop.
Does not belong here: the vote (`eemo_pipeline/decisions.py`) and the record
(`eemo_pipeline/records.py`).
"""

from eemo_pipeline.critic.judging import CRITIC, METHOD, judge
from eemo_pipeline.critic.revision import Reviewed, review

__all__ = ["CRITIC", "METHOD", "Reviewed", "judge", "review"]
