-- Drafts that each person confirmed: of the ordinary ones, and of those that were wrong on purpose.
select
    rater_id,
    image_count as images,
    checked_draft_count as checked_drafts,
    confirmed_share,
    wrong_draft_count as wrong_drafts,
    wrong_confirmed_count as wrong_confirmed,
    median_duration_s
from raters
order by rater_id
