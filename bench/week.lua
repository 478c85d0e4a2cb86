-- A unit's week, units in turn.
dofile(os.getenv("BENCH_FACTS"))
local count = 0
local year, month, day = start:match("(%d+)-(%d+)-(%d+)")
local until_ = os.time({ year = year, month = month, day = day, hour = 0 }) - 86400
local since = until_ - 7 * 86400

function request()
  count = count + 1
  local at = count % #units + 1
  local path = string.format("/api/v1/instruments/%s/availability?unit_id=%s&since=%s&until=%s", instruments[at],
    units[at], os.date("!%Y-%m-%dT%H:%M:%SZ", since), os.date("!%Y-%m-%dT%H:%M:%SZ", until_))
  return wrk.format("GET", path, { ["Cookie"] = cookie })
end
