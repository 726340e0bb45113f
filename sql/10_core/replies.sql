-- One row per kept image, annotator and round: first answers and revisions together.
select * from annotation__replies
union all by name
select * from _critic__replies
