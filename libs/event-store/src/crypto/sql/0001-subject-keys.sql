-- Outside the log, since these rows change: erasing a subject forgets its key and leaves the row as a tombstone.

create table keys.subject_keys (
  subject text collate "C" primary key,
  -- The key, encrypted with the master key; null once it is erased.
  wrapped_key bytea,
  created_at timestamptz not null default now(),
  erased_at timestamptz,
  check ((wrapped_key is null) = (erased_at is not null))
);

create function keys.refuse_revival() returns trigger language plpgsql as $$
begin
  raise exception 'The key of an erased subject cannot come back' using errcode = 'insufficient_privilege';
end $$;

create trigger stay_erased before update on keys.subject_keys
  for each row when (old.erased_at is not null) execute function keys.refuse_revival();
create trigger keep_tombstones before delete or truncate on keys.subject_keys
  for each statement execute function keys.refuse_revival();
