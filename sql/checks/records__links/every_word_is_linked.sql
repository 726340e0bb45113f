-- Every part of a triplet is linked to every region of its record.
select g.image_id, g.region_no, count(l.field) as links
from records__regions as g
inner join records__emoverse as r on g.image_id = r.image_id
left join records__links as l on g.image_id = l.image_id and g.region_no = l.region_no
group by all
having
    count(l.field) <> count(distinct l.field)
    or count(l.field) <> any_value(
        (r.background is not null)::int + (r.attribute is not null)::int + (r.subject is not null)::int
    )
order by g.image_id, g.region_no
