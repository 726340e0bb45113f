-- One row per pair of judges of the Mikels emotion, including people: the number of images that
-- both judged, and the share judged alike.
--
-- first_judge: Annotator or verifier, or people: the labels of the sources
-- second_judge: The judge that it is compared with, later in the alphabet
-- pictures: Images that both judged
-- alike: Of these, images to which both give the same emotion
-- share_alike [share]: Share of the images judged alike; two that guess evenly reach 0.125
select
    a.judge as first_judge,
    b.judge as second_judge,
    count(*) as pictures,
    count(*) filter (where a.emotion_mikels8 = b.emotion_mikels8) as alike,
    round(avg((a.emotion_mikels8 = b.emotion_mikels8)::integer), 4) as share_alike
from judgements as a
inner join judgements as b on a.image_id = b.image_id and a.judge < b.judge
group by a.judge, b.judge
order by a.judge, b.judge
