-- Records with a whole triplet, with a box for their subject, and with an attribute against which
-- its tone speaks, per emotion.
select
    b.emotion_mikels8 as emotion,
    count(*) as records,
    count(*) filter (where b.background is not null and b.attribute is not null and b.subject is not null)
        as whole_triplets,
    count(*) filter (where b.region_count > 0) as with_box,
    count(*) filter (where p.image_id is not null) as tone_conflicts
from bas as b
left join (
    select distinct image_id
    from critic
    where is_last_round and list_contains(codes, 'ATTR_POLARITY')
) as p on b.image_id = p.image_id
where b.emotion_mikels8 is not null and b.state <> 'dropped'
group by b.emotion_mikels8
order by b.emotion_mikels8
