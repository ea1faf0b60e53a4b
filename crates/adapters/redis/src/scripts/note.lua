-- KEYS: a position. ARGV: a position, as text that sorts as the number does; milliseconds to keep it.
-- Keeps the higher of the two. One that is not replaced expires when it would have: replicas that lag for longer serve
-- nobody, and a position that no replica will ever reach does not stay for as long as its user writes.
local kept = redis.call('GET', KEYS[1])
if not kept or kept < ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
