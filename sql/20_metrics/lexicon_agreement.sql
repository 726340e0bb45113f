-- One row per source of comments, source of ratings and dimension: how well the lexicon's values
-- agree with people's ratings of the images that have both.
--
-- comment_source: Source whose comments the lexicon's values are made from
-- rating_source: Source whose people rated the images
-- dimension: valence, arousal or dominance
-- pictures: Images that have both values
-- median_words: Median number of words behind a value of the lexicon
-- pearson: Correlation of the values; null where one of them does not vary
-- spearman: Correlation of their ranks, ties at their mean rank; null where one does not vary
-- mean_absolute_error [share]: Mean distance of the lexicon's value from the rating
with pairs as (
    select
        *,
        rank() over same_pair_by_lexicon + (count(*) over same_lexicon - 1) / 2 as lexicon_rank,
        rank() over same_pair_by_rating + (count(*) over same_rating - 1) / 2 as rating_rank
    from lexicon_beside_ratings
    window
        same_pair_by_lexicon as (partition by comment_source, rating_source, dimension order by lexicon_value),
        same_pair_by_rating as (partition by comment_source, rating_source, dimension order by rating),
        same_lexicon as (partition by comment_source, rating_source, dimension, lexicon_value),
        same_rating as (partition by comment_source, rating_source, dimension, rating)
)

select
    comment_source,
    rating_source,
    dimension,
    count(*) as pictures,
    round(median(lexicon_word_count), 1) as median_words,
    round(case when isfinite(corr(lexicon_value, rating)) then corr(lexicon_value, rating) end, 4) as pearson,
    round(case when isfinite(corr(lexicon_rank, rating_rank)) then corr(lexicon_rank, rating_rank) end, 4) as spearman,
    round(avg(abs(difference)), 4) as mean_absolute_error
from pairs
group by comment_source, rating_source, dimension
order by comment_source, rating_source, dimension
