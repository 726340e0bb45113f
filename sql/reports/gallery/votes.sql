-- The emotions that people and models give to the images $image_ids, and by how many.
select image_id, 'people felt' as judge, said as emotion, count(*) as votes
from (
    select image_id, json_extract_string(said_json, '$') as said
    from review__votes
    where phase = 'blind' and reviewed_field = 'emotion' and is_counted
)
where image_id in (select unnest($image_ids))
group by image_id, said
union all
select image_id, case judge when 'people' then 'labels of the source' else judge end, emotion_mikels8, 1
from judgements
where image_id in (select unnest($image_ids))
order by image_id, judge, emotion
