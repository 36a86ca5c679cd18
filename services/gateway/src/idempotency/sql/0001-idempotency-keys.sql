-- Not a read model: these answers cannot be had from the log, and nobody misses them after a day.

create table gateway.idempotency_keys (
  -- HMAC of the caller and the key
  id text collate "C" primary key,
  -- HMAC of path and body
  fingerprint text not null,
  -- what names of created things follow from
  seed uuid not null default gen_random_uuid(),
  -- the answer, sealed; null until there is one
  answer jsonb,
  -- since when somebody works on it; null when nobody does
  taken timestamptz default now(),
  created timestamptz not null default now()
);
create index on gateway.idempotency_keys (created);
