-- Everything refused of a source, file by file and row by row. Parameter: $source.
select "path", "row", line, reason, detail
from ingest__rejects
where source = $source
order by "path", "row" nulls first, reason, detail
