-- Every template has either items of a kept image or one reason for having none.
with asked as (
    select distinct template, unnest(image_ids) as image_id
    from qa__items
),

refused as (
    select image_id, reason, unnest(templates) as template
    from _qa__refusals
),

fates as (
    select image_id, template, null as reason
    from asked
    union all
    select image_id, template, reason
    from refused
),

told as (
    select image_id, count(*) as fates, count(distinct template) as templates
    from fates
    group by image_id
)

select d.image_id, t.fates, t.templates
from dedup__images as d
full join told as t on d.image_id = t.image_id
where
    d.image_id is null
    or t.fates is distinct from t.templates
    or t.templates is distinct from (select count(*) from _qa__templates)
order by d.image_id
