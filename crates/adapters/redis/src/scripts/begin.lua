-- KEYS: the journal; the count of its entries.
-- Ensures that the journal has an entry: appends one without a payload if it is empty.
if redis.call('XLEN', KEYS[1]) == 0 then
    redis.call('XADD', KEYS[1], '*', 'n', redis.call('INCR', KEYS[2]))
end
