-- Reliability of a mean of k people's ratings, by Spearman and Brown from the ICC of one person.
select
    a.judged_field,
    k.people::bigint as people,
    round(k.people * a.estimate / (1 + (k.people - 1) * a.estimate), 4) as reliability
from review__agreement as a
cross join (select unnest(range(1, 13)) as people) as k
where a.measure = 'icc_single' and a.estimate between 0 and 1 and not a.is_too_few
order by a.judged_field, people
