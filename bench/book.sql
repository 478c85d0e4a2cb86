\set u random(1, 1000)
\set n random(1, 100000000)
BEGIN;
SELECT set_config('app.tenant_id', '310000', true);
INSERT INTO booking (tenant_id, instrument_id, unit_id, owner_id, requester_tenant_id, requester_id, organisation_id,
                     requester_name, organisation_name, instrument_name, unit_label, tz, purpose,
                     during, occupied, setup_min, teardown_min, status, blocking)
SELECT tenant_id, instrument_id, unit_id, owner_id, requester_tenant_id, requester_id, organisation_id,
       requester_name, organisation_name, instrument_name, unit_label, tz, purpose,
       span, span, 0, 0, 'confirmed', true
FROM bench_unit,
     LATERAL (SELECT '2040-01-01'::timestamptz + :n * interval '1 minute') AS s(start),
     LATERAL (SELECT tstzrange(start, start + interval '1 minute')) AS r(span)
WHERE n = :u
ON CONFLICT ON CONSTRAINT ex_booking_unit_id_occupied DO NOTHING;
COMMIT;
