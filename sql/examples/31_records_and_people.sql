-- How often does a record have the emotion that people felt?
select record_state, avg((record_emotion_mikels8 = label_emotion_mikels8)::int) as share from image_emotions group by 1 order by 1
