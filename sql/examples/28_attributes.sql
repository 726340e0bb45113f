-- Which attributes go with which emotion?
select emotion_mikels8, attribute, count(*) as records from bas group by all order by all limit 20
