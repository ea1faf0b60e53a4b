-- Gives one unit back to each budget. KEYS: the budgets. ARGV: the refill time of each budget, in microseconds per unit.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for number, key in ipairs(KEYS) do
    local full_at = tonumber(redis.call('GET', key) or now) - tonumber(ARGV[number])
    if full_at > now then
        redis.call('SET', key, string.format('%.0f', full_at), 'PX', string.format('%.0f', math.ceil((full_at - now) / 1000)))
    else
        redis.call('DEL', key)
    end
end
return 1
