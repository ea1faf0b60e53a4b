-- Takes one password guess from two GCRA budgets: the guesser's, and the account's. While the account's budget is
-- empty, the budget of the guesser's site, if there is one, is used instead of the account's.
-- KEYS: the account; the guesser; optionally the site.
-- ARGV: burst and refill time in microseconds of the account, and of the guesser; burst of the guesser and of the site
-- while the account's budget is empty.
-- Returns {1, 1 if the account's budget was empty, else 0}. If refused, returns {0, microseconds to wait}, and takes
-- nothing.
local account_burst, account_refill = tonumber(ARGV[1]), tonumber(ARGV[2])
local burst, refill, strict_burst = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- When a budget will be full again, after taking one unit from it.
local function taken(key, most, each)
    local full_at = tonumber(redis.call('GET', key) or now)
    -- Clamped: the budget may have been full for long, or the clock may have been set back.
    return math.min(math.max(full_at, now), now + most * each) + each
end

local function keep(key, full_at)
    -- Formatted as an integer: by default Lua writes only fourteen digits.
    redis.call('SET', key, string.format('%.0f', full_at), 'PX', string.format('%.0f', math.ceil((full_at - now) / 1000)))
end

local account = taken(KEYS[1], account_burst, account_refill)
local is_strict = account - account_burst * account_refill > now
local guesser = taken(KEYS[2], burst, refill)
local wait = guesser - (is_strict and strict_burst or burst) * refill - now
local site = is_strict and KEYS[3] and taken(KEYS[3], strict_burst, refill)
if site then
    wait = math.max(wait, site - strict_burst * refill - now)
end
if wait > 0 then
    return {0, wait}
end
keep(KEYS[2], guesser)
if site then
    keep(KEYS[3], site)
elseif not is_strict then
    keep(KEYS[1], account)
end
return {1, is_strict and 1 or 0}
