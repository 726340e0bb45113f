-- One row per kept image: the ranking, ratings and level words used in questions and answers.
--
-- dominant_emotion: The strongest of Ekman's seven emotions by people's labels, null on a tie
-- ranking: Ekman's emotions from strongest to weakest by people's labels
-- valence_level: Word for the valence: negative below 0.4, positive above 0.6, else neutral
-- arousal_level: Word for the arousal: low below 0.4, high above 0.6, else moderate
-- dominance_level: Word for the dominance: low below 0.4, high above 0.6, else moderate
select
    i.image_id,
    k.ranking,
    k.dominant_emotion,
    v.valence,
    v.arousal,
    v.dominance,
    case when v.valence < 0.4 then 'negative' when v.valence > 0.6 then 'positive' when v.valence >= 0.4 then 'neutral' end
        as valence_level,
    case when v.arousal < 0.4 then 'low' when v.arousal > 0.6 then 'high' when v.arousal >= 0.4 then 'moderate' end
        as arousal_level,
    case when v.dominance < 0.4 then 'low' when v.dominance > 0.6 then 'high' when v.dominance >= 0.4 then 'moderate' end
        as dominance_level
from dedup__images as i
left join labels__rankings as k on i.image_id = k.image_id
left join labels__vad as v on i.image_id = v.image_id and v.is_best
