-- If a question has options, its answer is exactly one of them, and the letter is that option's.
select item_id, template, options, answer, answer_letter
from qa__items
where
    len(options) > 0
    and (
        len(list_filter(options, lambda option: option = answer)) <> 1
        or answer_letter is distinct from chr(64 + list_position(options, answer)::integer)
        or len(list_distinct(options)) <> len(options)
    )
order by item_id
