-- One row per kept image, annotator and round: first answers and revisions together.
--
-- emotion: Emotion that the annotator gives, one of Mikels' eight
select * from annotation__replies
union all by name
select * from _critic__replies
