-- A row has a text with the stated number of words, or a reason for having none.
select image_id, status, reason, word_count, text
from texts__descriptions
where
    (status = 'ok' and (text is null or trim(text) = '' or word_count = 0))
    or (status <> 'ok' and reason is null)
order by image_id
