-- One address, again and again, as somebody who is signed in.
dofile(os.getenv("BENCH_FACTS"))

function request()
  return wrk.format("GET", os.getenv("BENCH_PATH"), { ["Cookie"] = cookie })
end
