-- A question without options has no letter, and no question goes without an answer.
select item_id, template, question, answer, answer_letter
from qa__items
where (len(options) = 0 and answer_letter is not null) or trim(answer) = '' or trim(question) = ''
order by item_id
