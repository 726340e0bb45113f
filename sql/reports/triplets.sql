-- The most frequent attributes of each emotion in the records, up to five of each.
select emotion, attribute, images, share_of_emotion
from (
    select
        emotion_mikels8 as emotion,
        attribute,
        count(*) as images,
        round(count(*) / sum(count(*)) over (partition by emotion_mikels8), 4) as share_of_emotion,
        row_number() over (partition by emotion_mikels8 order by count(*) desc, attribute) as place
    from bas
    where emotion_mikels8 is not null and attribute is not null and state <> 'dropped'
    group by emotion_mikels8, attribute
)
where place <= 5
order by emotion, place
