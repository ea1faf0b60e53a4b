-- KEYS: the journal; the count of its entries.
-- Sees to it that the journal has an entry, if need be one that says nothing.
if redis.call('XLEN', KEYS[1]) == 0 then
    redis.call('XADD', KEYS[1], '*', 'n', redis.call('INCR', KEYS[2]))
end
