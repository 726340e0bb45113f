-- One row per reason and question template: images without an item of the template, and why.
--
-- reason: Code of the reason for which the image has no item of the template
-- pictures: Number of images
with refused as (
    select reason, unnest(templates) as template
    from _qa__refusals
)

select r.reason, r.template, t.category, count(*) as pictures
from refused as r
inner join _qa__templates as t on r.template = t.template
group by r.reason, r.template, t.category
order by pictures desc, r.reason, r.template
