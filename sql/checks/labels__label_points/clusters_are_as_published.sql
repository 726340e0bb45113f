-- severity: warn
-- A label of EMOTIC that was chosen at least 50 times lies, by this lake's ratings, in the cluster
-- that EEmoDB's Table 6 prints for it. The mapping in use is the printed one.
select label, label_count, emotion, rule, published_emotion, anchor_distance, printed_emotion
from labels__label_points
where status = 'ok' and label_count >= 50 and not is_as_published
order by label
