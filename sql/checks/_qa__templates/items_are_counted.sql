-- Every template states the right number of items and uses of its most used image, and a reason if
-- it has no items.
with items as (
    select template, count(*) as items
    from qa__items
    group by template
),

shown as (
    select template, unnest(image_ids) as image_id
    from qa__items
),

uses as (
    select template, max(uses) as uses
    from (select template, image_id, count(*) as uses from shown group by all)
    group by template
)

select
    coalesce(t.template, i.template) as template, t.item_count, i.items, t.most_uses, u.uses, t.candidate_count, t.reason
from _qa__templates as t
full join items as i on t.template = i.template
left join uses as u on t.template = u.template
where
    t.template is null
    or t.item_count <> coalesce(i.items, 0)
    or t.most_uses <> coalesce(u.uses, 0)
    or t.item_count > t.candidate_count
    or (t.item_count = 0) <> (t.reason is not null)
order by 1
