-- One row per source and taxonomy that its labels map into: the share of their mass that is kept,
-- the share that is lost and how, and the label that loses most.
--
-- label_mass: Mass of the source's labels, each annotation dividing 1 among its labels
-- mapped_share [share]: Share of the mass that maps to an emotion of the taxonomy
-- dropped_share [share]: Share of the mass whose labels have no counterpart
-- ambiguous_share [share]: Share of the mass whose labels have several counterparts
-- unknown_share [share]: Share of the mass whose labels the mapping does not know
-- most_lost_label: Label with the largest share that is not mapped; null where nothing is lost
-- most_lost_reason: Why that label is not mapped
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
