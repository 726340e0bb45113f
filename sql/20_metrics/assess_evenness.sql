-- One row per Assess task and label set or dimension: the evenness of its classes or score bins
-- before and after selection. Evenness is Shannon entropy over its maximum (Pielou 1966): 1 where
-- all are equal.
--
-- strata: Number of classes or score bins
-- available: Items that could be selected
-- selected: Items that were selected
-- evenness_before [share]: Evenness of the classes or bins among the items that could be selected
-- evenness_after [share]: Evenness of the classes or bins among the selected items
with totals as (
    select
        task,
        balanced_over,
        sum(available_count) as available,
        sum(selected_count) as selected,
        count(*) as strata
    from assess__balance
    group by task, balanced_over
),

shares as (
    select
        t.*,
        b.available_count / t.available as available_share,
        b.selected_count / t.selected as selected_share
    from assess__balance as b
    inner join totals as t on b.task = t.task and b.balanced_over = t.balanced_over
)

select
    task,
    balanced_over,
    strata,
    available,
    selected,
    round(-sum(available_share * ln(greatest(available_share, 1e-300))) / ln(any_value(strata)), 4)
        as evenness_before,
    round(-sum(selected_share * ln(greatest(selected_share, 1e-300))) / ln(any_value(strata)), 4)
        as evenness_after
from shares
where strata > 1
group by task, balanced_over, strata, available, selected
order by task, balanced_over
