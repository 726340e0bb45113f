-- One row per source of comments, source of ratings and dimension: how well the lexicon's values
-- agree with people's ratings of the images that have both.
with long_form as (
    unpivot labels__vad
    on valence, arousal, dominance
    into name dimension value amount
),

pairs as (
    select
        l.source as comment_source,
        r.source as rating_source,
        l.dimension,
        l.lexicon_word_count,
        l.amount as lexicon_value,
        r.amount as rating,
        rank() over same_pair_by_lexicon + (count(*) over same_lexicon - 1) / 2 as lexicon_rank,
        rank() over same_pair_by_rating + (count(*) over same_rating - 1) / 2 as rating_rank
    from long_form as l
    inner join long_form as r on l.image_id = r.image_id and l.dimension = r.dimension
    where starts_with(l.origin, 'lexicon:') and starts_with(r.origin, 'rated:')
    window
        same_pair_by_lexicon as (partition by l.source, r.source, l.dimension order by l.amount),
        same_pair_by_rating as (partition by l.source, r.source, l.dimension order by r.amount),
        same_lexicon as (partition by l.source, r.source, l.dimension, l.amount),
        same_rating as (partition by l.source, r.source, l.dimension, r.amount)
)

select
    comment_source,
    rating_source,
    dimension,
    count(*) as pictures,
    round(median(lexicon_word_count), 1) as median_words,
    round(case when isfinite(corr(lexicon_value, rating)) then corr(lexicon_value, rating) end, 4) as pearson,
    round(case when isfinite(corr(lexicon_rank, rating_rank)) then corr(lexicon_rank, rating_rank) end, 4) as spearman,
    round(avg(abs(lexicon_value - rating)), 4) as mean_absolute_error
from pairs
group by comment_source, rating_source, dimension
order by comment_source, rating_source, dimension
