-- One row per kept image, source of comments, source of ratings and dimension: the lexicon's value
-- beside people's rating.
--
-- comment_source: Source whose comments the lexicon's value is made from
-- rating_source: Source whose people rated the image
-- dimension: valence, arousal or dominance
-- lexicon_value [share]: Mean of the lexicon's ratings of the words, 0 to 1
-- rating [share]: Mean of people's ratings of the image, 0 to 1
-- difference [share]: The lexicon's value minus the rating
with long_form as (
    unpivot labels__vad
    on valence, arousal, dominance
    into name dimension value amount
)

select
    l.image_id,
    l.source as comment_source,
    r.source as rating_source,
    l.dimension,
    l.lexicon_word_count,
    l.amount as lexicon_value,
    r.amount as rating,
    l.amount - r.amount as difference
from long_form as l
inner join long_form as r on l.image_id = r.image_id and l.dimension = r.dimension
where starts_with(l.origin, 'lexicon:') and starts_with(r.origin, 'rated:')
