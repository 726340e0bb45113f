-- One row per question template and source: items that show an image of it, and their share of the
-- template.
--
-- source: Source of an image that the items show
-- items: Items that show an image of the source
-- share_of_template [share]: Their share of the template's items
with shown as (
    select template, item_id, unnest(sources) as source
    from qa__items
),

counted as (
    select template, source, count(*) as items
    from shown
    group by template, source
)

select c.template, t.category, c.source, c.items, round(c.items / t.item_count, 4) as share_of_template
from counted as c
inner join _qa__templates as t on c.template = t.template
order by c.template, c.source
