-- KEYS: the journal; the count of its entries; if somebody in particular wrote, their last entry.
-- ARGV: the payload; how many entries to retain; milliseconds to keep the last entry.
-- Answers the entry's id.
local count = redis.call('INCR', KEYS[2])
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'n', count, 'p', ARGV[1])
if KEYS[3] then
    redis.call('SET', KEYS[3], id, 'PX', ARGV[3])
end
return id
