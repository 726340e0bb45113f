-- What are the terms of each dataset, and the outcomes of its files?
select source, licence, state, found_files, files_read, files_refused, kept_pictures
from source_overview
