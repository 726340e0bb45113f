-- Who judged images in the review tool, and with how much care?
from raters order by answer_count desc, rater_id
