-- Sends the requests of a file in turn, and says in one line of JSON what came of them.
--
-- Arguments: the file, and the place to begin at. The file holds each request as it goes over the wire, after a line
-- with its length in bytes: nothing is put together while the clock runs.

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
    -- Without a function `request` the same bytes are sent again and again, and Lua is not asked.
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
