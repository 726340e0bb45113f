-- A reply is ok and names an emotion, or it has a reason.
select image_id, annotator, "round", status, reason, emotion
from annotation__replies
where (status = 'ok' and emotion is null) or (status <> 'ok' and reason is null)
order by image_id, annotator, "round"
