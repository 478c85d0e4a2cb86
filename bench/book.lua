-- A slot nobody has: units in turn, an hour later each time round; each round and side has days of its own.
dofile(os.getenv("BENCH_FACTS"))
local count = 0
local side = os.getenv("BENCH_SIDE") == "bare" and 0 or 170
local first = side + tonumber(os.getenv("BENCH_ROUND")) * 50
local year, month, day = start:match("(%d+)-(%d+)-(%d+)")
local origin = os.time({ year = year, month = month, day = day, hour = 0 }) + first * 86400

function request()
  local unit = units[count % #units + 1]
  local from = origin + math.floor(count / #units) * 3600
  count = count + 1
  local body = string.format('{"unit_id":"%s","starts_at":"%s","ends_at":"%s","purpose":"research"}', unit,
    os.date("!%Y-%m-%dT%H:%M:%S+00:00", from), os.date("!%Y-%m-%dT%H:%M:%S+00:00", from + 3600))
  return wrk.format("POST", "/api/v1/bookings", { ["Content-Type"] = "application/json", ["Cookie"] = cookie,
    ["Origin"] = "http://" .. wrk.host .. ":" .. wrk.port }, body)
end
