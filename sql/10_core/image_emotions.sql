-- One row per kept image: its emotion by people's labels, by people who judged it blind, and by the
-- record, in Mikels' eight.
--
-- label_emotion_mikels8: The strongest emotion by the labels of the sources, null on a tie
-- label_share [share]: Share of the raters' mass on that emotion
-- label_rater_count: Number of people behind the labels; null where a source does not tell
-- blind_emotion_mikels8: Emotion that more than half of the people felt who judged the image blind
-- blind_share [share]: Share of their most frequent answer, neutral and cannot tell included
-- blind_count: Number of people who judged the image blind in the review tool
-- blind_valence [share]: Mean of their valence: 0 unpleasant, 1 pleasant
-- blind_valence_se [share]: Standard error of that mean
-- blind_arousal [share]: Mean of their arousal: 0 calm, 1 excited
-- blind_arousal_se [share]: Standard error of that mean
-- record_emotion_mikels8: Emotion of the record; models and people decided it
-- record_state: State of the record: preserved, plural, left to a human, or dropped
with labels as (
    select image_id, emotion, mass, rater_count
    from emotions
    where taxonomy = 'mikels8' and emotion_rank = 1 and not is_tied
)

select
    i.image_id,
    i.source,
    i.split,
    l.emotion as label_emotion_mikels8,
    l.mass as label_share,
    l.rater_count as label_rater_count,
    p.emotion as blind_emotion_mikels8,
    p.emotion_share as blind_share,
    p.judgement_count as blind_count,
    p.valence as blind_valence,
    p.valence_sd / sqrt(p.judgement_count) as blind_valence_se,
    p.arousal as blind_arousal,
    p.arousal_sd / sqrt(p.judgement_count) as blind_arousal_se,
    r.emotion as record_emotion_mikels8,
    r.state as record_state
from dedup__images as i
left join labels as l on i.image_id = l.image_id
left join review__records as p on i.image_id = p.image_id
left join records__emoverse as r on i.image_id = r.image_id
