-- Every template with options and items has one row, with its number of items and of options.
with items as (
    select template, count(*) as items, min(len(options)) as fewest, max(len(options)) as most
    from qa__items
    where len(options) > 0
    group by template
)

select coalesce(b.template, i.template) as template, b.item_count, i.items, b.option_count, i.most
from qa__blind_baseline as b
full join items as i on b.template = i.template
where
    b.item_count is distinct from i.items
    or b.option_count is distinct from i.most
    or i.fewest is distinct from i.most
    or abs(b.chance - 1.0 / i.most) > 1e-9
order by 1
