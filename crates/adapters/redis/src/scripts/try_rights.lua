-- KEYS: a temporary key. Runs every command of the other scripts on it, and deletes it. A command that is not allowed
-- ends the script with an error.
local function gone() return redis.call('DEL', KEYS[1]) end
redis.call('TIME')
redis.call('INCR', KEYS[1])
gone()
redis.call('SET', KEYS[1], 'x', 'PX', 1000)
redis.call('GET', KEYS[1])
gone()
redis.call('ZADD', KEYS[1], 1, 'x')
redis.call('ZSCORE', KEYS[1], 'x')
redis.call('ZRANGEBYSCORE', KEYS[1], 0, 1)
redis.call('ZREM', KEYS[1], 'x')
redis.call('XADD', KEYS[1], '*', 'x', 'x')
redis.call('XLEN', KEYS[1])
return gone()
