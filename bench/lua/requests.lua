-- Sends the requests of a file in turn, and prints the result as one line of JSON.
--
-- Arguments: the file, and the position to start at. The file contains each request as sent, after a line with its
-- length in bytes, so that nothing is composed while the clock runs.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local requests = {}
  for length in function() return file:read("*n", 1) end do
    table.insert(requests, file:read(length))
  end
  file:close()
  position = tonumber(args[2]) or 0
  local count = #requests
  if count == 1 then
    -- Without a function `request`, wrk sends the same bytes repeatedly and does not call Lua.
    local only = requests[1]
    wrk.format = function() return only end
    return
  end
  function request()
    position = position % count + 1
    return requests[position]
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%.0f,"p99":%.0f,"p999":%.0f,"refused":%d,"broken":%d,"position":%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout, threads[1]:get("position")))
end
