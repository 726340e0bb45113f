-- Words of the texts of each kind: how many different ones, and the entropy of their use in bits.
with every as (
    select 'descriptions' as kind, text from texts__descriptions where status = 'ok'
    union all
    select 'reasonings', text from texts__reasonings where status = 'ok'
    union all
    select 'details', text from texts__details where status = 'ok'
    union all
    select 'record descriptions', description from records__emoverse where description is not null
),

used as (
    select kind, word, count(*) as uses
    from (
        select kind, unnest(regexp_extract_all(lower(text), '[[:alpha:]]+')) as word
        from every
    )
    group by kind, word
)

select
    kind,
    sum(uses)::bigint as words,
    count(*) as different_words,
    round(log2(sum(uses)) - sum(uses * log2(uses)) / sum(uses), 4) as entropy_bits
from used
group by kind
order by kind
