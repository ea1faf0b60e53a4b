-- Takes one guess at a password from two budgets, kept by GCRA: that of who guesses, and that of the account; or, while
-- the account has none left, that of the guesser's site, if there is one.
-- KEYS: the account; the guesser; the site, or nothing. ARGV: burst and microseconds until one is given back, of the account
-- and of the guesser; burst of the guesser and of the site while the account has none left.
-- Answers {1, 1 if the account had none left and gave none, else 0}, or {0, microseconds to wait}; then nothing was taken.
local account_burst, account_refill = tonumber(ARGV[1]), tonumber(ARGV[2])
local burst, refill, strict_burst = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- When a budget will be full again, once one is taken from it.
local function taken(key, most, each)
    local full_at = tonumber(redis.call('GET', key) or now)
    -- Full for long; or, after the clock was put back, emptier than a budget can be.
    return math.min(math.max(full_at, now), now + most * each) + each
end

local function keep(key, full_at)
    -- As an integer: Lua would write it with fourteen digits.
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
