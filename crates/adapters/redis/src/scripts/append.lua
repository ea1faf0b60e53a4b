-- KEYS: the journal; the count of its entries; the last entries of those who wrote, as the entries refer to them.
-- ARGV: how many entries to retain; milliseconds to keep a last entry; for each entry its payload, and which of the keys
-- is the last entry of who wrote it, or '' if nobody in particular did.
-- Answers the entries' ids.
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
