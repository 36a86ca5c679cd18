-- Not a read model: the log does not have these answers, and they are deleted after a day.

create table gateway.idempotency_keys (
  -- HMAC of the caller and the key
  id text collate "C" primary key,
  -- HMAC of path and body
  fingerprint text not null,
  -- the names of what a request creates follow from it
  seed uuid not null default gen_random_uuid(),
  -- the answer, sealed; null until there is one
  answer jsonb,
  -- when a request began to work on it; null when none does
  taken timestamptz default now(),
  created timestamptz not null default now()
);
create index on gateway.idempotency_keys (created);
