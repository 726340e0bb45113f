-- Per source and unit, kept and refused add up to found.
select source, unit, found, kept, refused
from _ingest__counts
where found <> kept + refused
order by source, unit
