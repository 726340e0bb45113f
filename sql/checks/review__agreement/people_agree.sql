-- severity: warn
-- People agree on emotion and ratings as far as is usual for images (alpha at least 0.40 for the
-- emotion, 0.60 for valence, 0.35 for arousal), and notice drafts that are wrong on purpose.
select measure, judged_field, estimate, counted
from review__agreement
where
    not is_too_few
    and (
        (measure = 'alpha' and judged_field = 'emotion' and estimate < 0.40)
        or (measure = 'alpha' and judged_field = 'valence' and estimate < 0.60)
        or (measure = 'alpha' and judged_field = 'arousal' and estimate < 0.35)
        or (measure = 'wrong_accepted' and estimate > 0.30)
    )
order by 1, 2
