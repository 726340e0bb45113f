-- Without a generator there are no rows; with one, every prompt has exactly one.
select coalesce(p.prompt_id, i.prompt_id) as prompt_id
from expansion__prompts as p
full join expansion__images as i on i.prompt_id = p.prompt_id
where
    (p.prompt_id is null or i.prompt_id is null)
    and (select count(*) from expansion__images) > 0
order by 1
