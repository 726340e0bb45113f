-- How many questions does each template have, and is one answer too common?
select template, category, split, items, pictures, commonest_answer_share from template_coverage
