-- A row with an element has two different distractors that neither the reasoning nor any explanation
-- of the image names; a row without one has a reason.
select c.image_id, c.status, c.reason, c.emotion, c.element, c.distractors, c.things, t.text
from texts__candidates as c
left join texts__reasonings as t on c.image_id = t.image_id and t.status = 'ok'
where
    case
        when c.status <> 'ok' then c.reason is null or c.element is not null
        else
            c.element is null
            or (c.element_people is null and (t.text is null or not contains(lower(t.text), lower(c.element))))
            or c.element_people > c.explanation_people
            or len(c.distractors) <> 2
            or c.distractors[1] = c.distractors[2]
            or len(list_filter(c.distractors, lambda d: d = c.element)) > 0
            or len(list_filter(
                c.distractors,
                lambda d: coalesce(list_contains(c.things, d), false)
                or coalesce(regexp_matches(lower(t.text), '\b' || regexp_escape(lower(d)) || '\b'), false)
            ))
            > 0
    end
order by c.image_id
