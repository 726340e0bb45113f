-- A verifier names an emotion, with its probability if it gives any, or has a reason for
-- abstaining.
select image_id, verifier, status, reason, emotion, probability
from verification__replies
where
    (status = 'ok' and (emotion is null or (probability is null) <> (distribution is null)))
    or (status <> 'ok' and reason is null)
order by image_id, verifier
