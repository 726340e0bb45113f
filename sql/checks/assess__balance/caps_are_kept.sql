-- No class and no score bin has more items than its cap, and one below its cap is kept whole.
select task, balanced_over, stratum, available_count, cap, selected_count
from assess__balance
where selected_count <> least(available_count, coalesce(cap, available_count))
order by task, balanced_over, stratum
