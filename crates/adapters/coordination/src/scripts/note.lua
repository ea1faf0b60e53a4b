-- KEYS: a position. ARGV: a position, as text that sorts as the number does; milliseconds to keep it.
-- Keeps the higher of the two.
local kept = redis.call('GET', KEYS[1])
if kept and kept >= ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
