"""The critic: judges every field of a decision, and has what can be corrected asked again.

Belongs here: the contract of a critic (`contract.py`), the embedded rule critic, which knows
measured facts and no picture, the critic that asks a vision-language model (`model_critic.py`),
and the loop of EmoVerse (arXiv 2511.12554): `review` (`revision.py`), `judge` being one pass.
Does not belong here: the vote (`eemo_pipeline/decisions/`) and the record
(`eemo_pipeline/stages/records.py`).
"""

from eemo_pipeline.stages.critic.review_loop import Reviewed, review
from eemo_pipeline.stages.critic.review_pass import judge

__all__ = ["Reviewed", "judge", "review"]
