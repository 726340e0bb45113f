-- What do the mappings lose of each source's labels, and to what?
select source, taxonomy, mapped_share, dropped_share, ambiguous_share, most_lost_label
from label_losses
order by mapped_share, source, taxonomy
