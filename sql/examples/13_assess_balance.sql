-- How much more even is the Assess subset than what it was chosen from?
select * from assess_evenness
