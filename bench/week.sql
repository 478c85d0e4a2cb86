\set n random(1, 1000)
BEGIN;
SELECT set_config('app.tenant_id', '330000', true);
SELECT occupied_from, occupied_to FROM booking
WHERE unit_id = (SELECT unit_id FROM bench_unit WHERE n = :n) AND blocking
  AND occupied_from < date_trunc('day', now()) + interval '7 days'
  AND occupied_from > date_trunc('day', now()) - interval '32 days' AND occupied_to > date_trunc('day', now())
ORDER BY occupied_from;
COMMIT;
