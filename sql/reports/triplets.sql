-- The most frequent backgrounds, attributes and subjects of each emotion in the records, up to five of
-- each, and whole triplets that occur more than once.
with parts as (
    unpivot (
        select
            image_id,
            emotion_mikels8 as emotion,
            background,
            attribute,
            subject,
            background || ' · ' || attribute || ' · ' || subject as triplet
        from bas
        where emotion_mikels8 is not null and state <> 'dropped'
    )
    on background, attribute, subject, triplet
    into name part value words
)

select emotion, part, words, images, share_of_emotion
from (
    select
        emotion,
        part,
        words,
        count(*) as images,
        round(count(*) / sum(count(*)) over (partition by emotion, part), 4) as share_of_emotion,
        row_number() over (partition by emotion, part order by count(*) desc, words) as place
    from parts
    group by emotion, part, words
)
where place <= 5 and (part <> 'triplet' or images > 1)
order by emotion, part, place
