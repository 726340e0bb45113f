-- severity: warn
-- No annotator repeats the name of its emotion as the attribute in more than 30 % of its answers.
with words (emotion, forms) as (
    values
    ('amusement', ['amusement', 'amused', 'amusing']),
    ('anger', ['anger', 'angry', 'angered']),
    ('awe', ['awe', 'awed', 'awesome', 'awe-inspiring']),
    ('contentment', ['contentment', 'content', 'contented']),
    ('disgust', ['disgust', 'disgusted', 'disgusting']),
    ('excitement', ['excitement', 'excited', 'exciting']),
    ('fear', ['fear', 'fearful', 'feared']),
    ('sadness', ['sadness', 'sad'])
)

select
    r.annotator,
    count(*) as answers,
    count(*) filter (where list_contains(w.forms, lower(trim(r.attribute)))) as repeated
from annotation__replies as r
inner join words as w on r.emotion = w.emotion
where r.status = 'ok' and r.attribute is not null
group by r.annotator
having repeated > 0.3 * answers
order by r.annotator
