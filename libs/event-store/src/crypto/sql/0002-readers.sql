-- Whose keys a service may read and make. The list itself is the product's; see install-event-store.ts.

create table keys.readers (
  role name not null,
  -- What names of subjects are like.
  subjects text not null,
  primary key (role, subjects)
);

alter table keys.subject_keys enable row level security;
create policy only_needed on keys.subject_keys using (
  exists (select from keys.readers r where pg_has_role(current_user, r.role, 'usage') and subject like r.subjects)
);

-- Forgets the key of a subject, and that of the addresses from which it made requests.
create function keys.erase(p_subject text) returns void
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into keys.subject_keys as k (subject, erased_at)
    select s, now() from unnest(array[p_subject, 'address-' || p_subject]) s
    on conflict (subject) do update set wrapped_key = null, erased_at = now() where k.erased_at is null;
$$;
