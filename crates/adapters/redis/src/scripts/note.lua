-- KEYS: a position. ARGV: a position, as text that sorts like the number; its TTL in milliseconds.
-- Keeps the higher of the two. A position that is not replaced keeps its expiry: replicas that lag longer serve no
-- reads, and a position that no replica will ever reach does not outlive it, even if its user goes on writing.
local kept = redis.call('GET', KEYS[1])
if not kept or kept < ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
