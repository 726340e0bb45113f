-- A text is there with as many words as it says, or the reason why not is.
select first_image_id, second_image_id, aspect, status, reason, word_count, text
from texts__comparisons
where
    (status = 'ok' and (text is null or trim(text) = '' or word_count = 0))
    or (status <> 'ok' and reason is null)
order by first_image_id, second_image_id, aspect
