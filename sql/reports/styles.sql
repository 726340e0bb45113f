-- Images by style and emotion of the record, as the first annotator that names a style says.
select style, emotion, count(*) as images
from (
    select r.image_id, r.emotion, arg_min(a.style, a.annotator) as style
    from annotation__replies as a
    inner join records__emoverse as r on a.image_id = r.image_id
    where a.style is not null and r.emotion is not null
    group by r.image_id, r.emotion
)
group by style, emotion
order by style, emotion
