-- A record whose votes are contested is preserved only with a choice of the critic that labels
-- accept, or by people: agreement that was asked for is none.
select r.image_id, r.state, r.emotion, d.pattern
from records__emoverse as r
inner join verification__decisions as d on r.image_id = d.image_id
where
    r.state = 'preserved'
    and d.is_contested
    and not list_contains(r.decided_by_people, 'emotion')
    and not exists (
        select 1
        from critic__choices as c
        where c.image_id = r.image_id and c.is_accepted and c.settled_emotion = r.emotion
    )
order by r.image_id
