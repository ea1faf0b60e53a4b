-- KEYS: the members by the time of their last heartbeat; the lost by the time they were last reported.
-- ARGV: a member; milliseconds of silence after which one is lost; 1 for a member's first heartbeat.
-- Answers the lost that the caller is to see to.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local overdue = now - tonumber(ARGV[2])

-- The clock was put back: nobody has been heard of in the future.
for _, key in ipairs(KEYS) do
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
        redis.call('ZADD', key, now, member)
    end
end

local lost = {}
-- Who begins but is there has died in between, and without a word.
if ARGV[3] == '1' and redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    lost[1] = ARGV[1]
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. overdue)) do
    redis.call('ZREM', KEYS[1], member)
    lost[#lost + 1] = member
end
-- Whoever they were reported to has not seen to them.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. overdue)) do
    lost[#lost + 1] = member
end
for _, member in ipairs(lost) do
    redis.call('ZADD', KEYS[2], now, member)
end
return lost
