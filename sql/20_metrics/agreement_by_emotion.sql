-- One row per pair of judges of the Mikels emotion, including people, and emotion that one of them
-- gives: how often the other gives it too.
--
-- first_judge: Annotator or verifier, or people: the labels of the sources
-- second_judge: The judge that it is compared with, later in the alphabet
-- emotion_mikels8: Emotion evoked in the viewer, one of Mikels' eight
-- first_images: Of the images that both judged, those to which the first gives the emotion
-- second_images: Of the same images, those to which the second gives it
-- both_images: Images to which both give it
-- specific_agreement [share]: Twice both_images over first_images plus second_images: positive
--   agreement (Cicchetti and Feinstein 1990)
with pairs as (
    select
        a.judge as first_judge,
        b.judge as second_judge,
        a.emotion_mikels8 as first_emotion,
        b.emotion_mikels8 as second_emotion
    from judgements as a
    inner join judgements as b on a.image_id = b.image_id and a.judge < b.judge
),

sides as (
    select first_judge, second_judge, first_emotion as emotion_mikels8, 1 as of_first, 0 as of_second, 0 as of_both
    from pairs
    union all
    select first_judge, second_judge, second_emotion, 0, 1, (first_emotion = second_emotion)::integer
    from pairs
)

select
    first_judge,
    second_judge,
    emotion_mikels8,
    sum(of_first)::bigint as first_images,
    sum(of_second)::bigint as second_images,
    sum(of_both)::bigint as both_images,
    round(2 * sum(of_both) / count(*), 4) as specific_agreement
from sides
group by first_judge, second_judge, emotion_mikels8
order by first_judge, second_judge, emotion_mikels8
