-- KEYS: the members by the time of their last heartbeat; the lost members by the time of their last report.
-- ARGV: a member; milliseconds of silence after which a member is lost; 1 for a member's first heartbeat.
-- Returns the lost members that the caller is to handle.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local overdue = now - tonumber(ARGV[2])

-- If the clock was set back, move heartbeats of the future to now.
for _, key in ipairs(KEYS) do
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. now, '+inf')) do
        redis.call('ZADD', key, now, member)
    end
end

local lost = {}
-- A member that starts but is listed has died before, without leaving.
if ARGV[3] == '1' and redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    lost[1] = ARGV[1]
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. overdue)) do
    redis.call('ZREM', KEYS[1], member)
    lost[#lost + 1] = member
end
-- The member that these were reported to has not handled them.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. overdue)) do
    lost[#lost + 1] = member
end
for _, member in ipairs(lost) do
    redis.call('ZADD', KEYS[2], now, member)
end
return lost
