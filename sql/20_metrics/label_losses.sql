-- One row per source and taxonomy that its labels map into: the share of their mass that is kept,
-- the share that is lost and how, and the label that loses most.
select
    source,
    taxonomy,
    any_value(label_space) as label_space,
    round(sum(label_mass), 2) as label_mass,
    round(coalesce(sum(label_share) filter (where fate = 'mapped'), 0), 4) as mapped_share,
    round(coalesce(sum(label_share) filter (where fate = 'dropped'), 0), 4) as dropped_share,
    round(coalesce(sum(label_share) filter (where fate = 'ambiguous'), 0), 4) as ambiguous_share,
    round(coalesce(sum(label_share) filter (where fate = 'unknown'), 0), 4) as unknown_share,
    arg_max(label, label_share) filter (where fate <> 'mapped') as most_lost_label,
    arg_max(coalesce(note, fate), label_share) filter (where fate <> 'mapped') as most_lost_reason
from labels__label_fates
group by source, taxonomy
order by source, taxonomy
