-- One row per Assess task and label set or dimension: how even its classes or score bins were and are.
-- Evenness is Shannon entropy over its maximum (Pielou 1966): 1 where all are equal.
with counts as (
    select
        *,
        available_count / sum(available_count) over part as available_share,
        selected_count / sum(selected_count) over part as selected_share,
        ln(count(*) over part) as most
    from assess__balance
    window part as (partition by task, balanced_over)
)

select
    task,
    balanced_over,
    count(*) as strata,
    sum(available_count) as available,
    sum(selected_count) as selected,
    round(-sum(available_share * ln(greatest(available_share, 1e-300))) / max(most), 4)
        as evenness_before,
    round(-sum(selected_share * ln(greatest(selected_share, 1e-300))) / max(most), 4)
        as evenness_after
from counts
group by task, balanced_over
having max(most) > 0
order by task, balanced_over
