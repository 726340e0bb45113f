-- A link joins words of a record, as they stand there, to a region of the same record.
select l.image_id, l.field, l.region_no, l.linked_text, g.image_id is not null as has_region
from records__links as l
left join records__emoverse as r on l.image_id = r.image_id
left join records__regions as g on l.image_id = g.image_id and l.region_no = g.region_no
where
    g.image_id is null
    or l.linked_text is distinct from case l.field
        when 'background' then r.background
        when 'attribute' then r.attribute
        when 'subject' then r.subject
    end
order by l.image_id, l.field, l.region_no
