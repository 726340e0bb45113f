-- The reasoning contains the element and neither distractor; a row without an element has a reason.
select c.image_id, c.status, c.reason, c.emotion, c.element, c.distractors, t.text
from texts__candidates as c
left join texts__reasonings as t on c.image_id = t.image_id and t.status = 'ok'
where
    case
        when c.status <> 'ok' then c.reason is null or c.element is not null
        else
            t.text is null
            or not contains(lower(t.text), c.element)
            or len(c.distractors) <> 2
            or c.distractors[1] = c.distractors[2]
            or len(list_filter(c.distractors, lambda d: contains(lower(t.text), d))) > 0
    end
order by c.image_id
