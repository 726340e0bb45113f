-- A question without options has no letter, and every question has an answer.
select item_id, template, question, answer, answer_letter
from qa__items
where
    (len(options) = 0 and answer_letter is not null)
    -- not trim: it would copy every answer
    or not regexp_matches(answer, '[^ ]')
    or not regexp_matches(question, '[^ ]')
order by item_id
