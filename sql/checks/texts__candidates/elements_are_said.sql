-- An element that people name stands in a comment on the image, in a source that the row names, and
-- no comment on the image holds a distractor.
with said as (
    select kept_image_id as image_id, source, ' ' || regexp_replace(lower(comment), '[^a-z-]+', ' ', 'g') || ' ' as words
    from annotations
    where comment is not null
),

heard as (
    select
        c.image_id,
        c.element,
        c.distractors,
        coalesce(bool_or(contains(s.words, ' ' || c.element || ' ') and list_contains(c.said_in, s.source)), false) as is_said,
        coalesce(bool_or(
            contains(s.words, ' ' || c.distractors[1] || ' ') or contains(s.words, ' ' || c.distractors[2] || ' ')
        ), false) as is_told
    from texts__candidates as c
    left join said as s on c.image_id = s.image_id
    where c.status = 'ok' and c.element_people is not null
    group by all
)

select image_id, element, distractors, is_said, is_told
from heard
where not is_said or is_told
order by image_id
