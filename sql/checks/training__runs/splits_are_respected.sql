-- The embedded classifier is fitted on at most the available train items, and scored on at most the
-- available test items.
with items as (
    select
        count(*) filter (where split = 'train') as train_items,
        count(*) filter (where split = 'test') as test_items
    from assess__items
    where task = 'dominant_emotion'
)

select r.run_id, r.job, r.train_count, i.train_items, r.test_count, i.test_items
from training__runs as r
cross join items as i
where
    r.job = 'emotion_classifier'
    and (r.train_count > i.train_items or r.test_count > i.test_items)
order by r.run_id
