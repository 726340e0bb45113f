-- What models cost, by one of stage, model_role, provider and model: cost_by('stage'). What is measured
-- by code has a name in words; its whole method is in costs.
(dim) as table
select
    case dim
        when 'stage' then c.stage
        when 'model_role' then c.model_role
        when 'provider' then c.provider
        when 'model' then
            case c.model_role
                when 'measurer' then 'measurement of files and pixels'
                when 'features' then 'pixel features'
                when 'look' then 'comparison of near-duplicates'
                when 'experiment' then 'experiment on made-up records'
                else c.model
            end
        else error('cost_by takes stage, model_role, provider or model')
    end as name,
    sum(c.call_count)::bigint as calls,
    sum(c.answered_count)::bigint as answers,
    sum(c.input_tokens)::bigint as input_tokens,
    sum(c.output_tokens)::bigint as output_tokens,
    round(sum(c.usd), 9) as usd
from costs__calls as c
group by name
order by usd desc, name
