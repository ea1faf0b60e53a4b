-- GCRA. KEYS: the budget. ARGV: burst; refill time of one unit in microseconds.
-- Returns {1, units left, microseconds until it is full again} or {0, microseconds to wait, 0}.
--
-- The state is the theoretical arrival time (TAT): when the budget will be full again.
local burst = tonumber(ARGV[1])
local refill = tonumber(ARGV[2])
local full = burst * refill

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local tat = tonumber(redis.call('GET', KEYS[1]) or now)
-- Clamped: the budget may have been full for long or resized, or the clock may have been set back.
tat = math.min(math.max(tat, now), now + full)

local taken = tat + refill
if taken - full > now then
    return {0, taken - full - now, 0}
end
-- Formatted as an integer: by default Lua writes only fourteen digits.
redis.call('SET', KEYS[1], string.format('%.0f', taken), 'PX', string.format('%.0f', math.ceil((taken - now) / 1000)))
return {1, math.floor((now + full - taken) / refill), taken - now}
