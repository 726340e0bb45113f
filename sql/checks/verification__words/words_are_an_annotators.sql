-- The kept text is the named annotator's own first answer: texts are never blended. A decision holds
-- the same text.
select w.image_id, w.field, w.annotator, w.text
from verification__words as w
left join annotation__replies as r on w.image_id = r.image_id and w.annotator = r.annotator
left join verification__decisions as d on w.image_id = d.image_id
where
    w.text is distinct from case w.field
        when 'description' then r.description
        when 'background' then r.background
        when 'attribute' then r.attribute
        when 'subject' then r.subject
    end
    or w.text is distinct from case w.field
        when 'description' then d.description
        when 'background' then d.background
        when 'attribute' then d.attribute
        when 'subject' then d.subject
    end
order by w.image_id, w.field
