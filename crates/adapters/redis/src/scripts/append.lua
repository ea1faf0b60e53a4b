-- KEYS: the journal; the count of its entries; one key for the last entry of each writer.
-- ARGV: the number of entries to retain; the TTL of a last entry in milliseconds; then for each entry its payload, and
-- the index of its writer's key, or '' if it has no writer.
-- Returns the ids of the entries.
local ids = {}
for n = 3, #ARGV, 2 do
    local count = redis.call('INCR', KEYS[2])
    local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'n', count, 'p', ARGV[n])
    if ARGV[n + 1] ~= '' then
        redis.call('SET', KEYS[tonumber(ARGV[n + 1])], id, 'PX', ARGV[2])
    end
    ids[#ids + 1] = id
end
return ids
