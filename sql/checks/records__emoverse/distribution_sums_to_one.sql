-- If a record has a distribution over the eight emotions, it sums to 1.
select image_id, state, emotion, distribution
from records__emoverse
where
    distribution is not null
    and (len(distribution) <> 8 or abs(list_sum(distribution) - 1) > 0.00001)
order by image_id
