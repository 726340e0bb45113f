-- How much more even is the Assess subset than the items it was selected from?
select * from assess_evenness
