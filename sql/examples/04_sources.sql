-- What is known of each dataset, and what became of it?
select source, licence, state, found_files, files_read, files_refused, kept_pictures
from source_overview
