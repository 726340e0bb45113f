-- Variety within a text, of at most 2,000 texts of each kind drawn by hash: words, entropy of its own
-- words in bits, and MTLD in words per factor, by the definitions behind EmoArt's and AIGIEmo's means.
with every as (
    select 'descriptions' as kind, image_id, text from texts__descriptions where status = 'ok'
    union all
    select 'reasonings', image_id, text from texts__reasonings where status = 'ok'
    union all
    select 'details', image_id, text from texts__details where status = 'ok'
    union all
    select 'record descriptions', image_id, description from records__emoverse where description is not null
),

drawn as (
    select kind, text
    from every
    qualify row_number() over (partition by kind order by sha256('texts 1' || image_id), text) <= 2000
)

select
    kind,
    count(*) as texts,
    round(avg(text_words(text)), 2) as mean_words,
    round(avg(text_entropy_bits(text)), 4) as mean_entropy_bits,
    round(avg(text_mtld(text)), 2) as mean_mtld,
    round(median(text_mtld(text)), 2) as median_mtld
from drawn
group by kind
order by kind
