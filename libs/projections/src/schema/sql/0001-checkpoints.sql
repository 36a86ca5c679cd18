-- Bookkeeping of all projections, one row each, so that position, version and ownership can only change together:
--   position                     how far the tables reach, written in the transaction that writes the tables;
--   owner, fence, expires_at     the lease. Each new owner raises the fence, and every write names its fence.

create table projections.checkpoints (
  name text primary key,
  version integer not null,
  position bigint not null default 0,
  owner text,
  fence bigint not null default 0,
  expires_at timestamptz,
  updated_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- Events that a projection could not digest.
create table projections.parked_events (
  projection text not null,
  position bigint not null,
  stream text not null,
  type text not null,
  error text not null,
  parked_at timestamptz not null default clock_timestamp(),
  primary key (projection, position)
);
