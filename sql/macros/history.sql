-- The decisions of all stages about one image, in their order: history(image_id). The view events has
-- them of all images.
(one) as table
select
    step_no,
    stage,
    round,
    coalesce(actor || ': ' || outcome, outcome) as outcome,
    reason,
    happened_at
from events
where image_id = one
order by step_no, round, happened_at nulls first, actor, outcome
