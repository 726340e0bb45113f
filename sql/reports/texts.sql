-- Texts of each kind: how many, how many differ, and their length in words.
with every as (
    select 'descriptions' as kind, text, word_count from texts__descriptions where status = 'ok'
    union all
    select 'reasonings', text, word_count from texts__reasonings where status = 'ok'
    union all
    select 'details', text, word_count from texts__details where status = 'ok'
    union all
    select 'record descriptions', description, len(string_split_regex(trim(description), '\s+'))
    from records__emoverse
    where description is not null
)

select
    kind,
    count(*) as texts,
    count(distinct text) as distinct_texts,
    round(avg(word_count), 2) as mean_words,
    min(word_count) as fewest_words,
    max(word_count) as most_words
from every
group by kind
order by kind
