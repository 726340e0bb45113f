"""The critic: judges every field of a decision, and asks annotators again about revisable fields.

Holds the embedded rule critic (`rule_critic.py`), which uses measured facts and no image, the
critic that asks a vision-language model (`model_critic.py`), and the loop of EmoVerse (arXiv
2511.12554): `review` in `review_loop.py`, and `judge` for a single pass in `review_pass.py`. The
contract of a critic is in `roles/critic.py`, the vote in `aggregation/decide.py`.
"""

from eemo_pipeline.stages.critic.review_loop import Reviewed, review
from eemo_pipeline.stages.critic.review_pass import judge

__all__ = ["Reviewed", "judge", "review"]
