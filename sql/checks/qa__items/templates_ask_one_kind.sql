-- All items of a template make the same claim, in the same form, about the same number of images.
with kinds as (
    select distinct
        template,
        claim,
        category,
        question_type,
        facts ->> '$.dimension' as dimension,
        len(image_ids) as pictures,
        len(options) as option_count
    from qa__items
)

select template, array_agg(kinds order by kinds) as kinds
from kinds
group by template
having count(*) > 1
order by template
