-- How much of each source's labels do the mappings lose, and for what reason?
select source, taxonomy, mapped_share, dropped_share, ambiguous_share, most_lost_label
from label_losses
order by mapped_share, source, taxonomy
