-- What belongs to whom. Projections, their schemas, and leases have names that begin with the service's: `catalog`,
-- `catalog_rebuild`, `scheduler_leader` belong to cyborgbackup_catalog and cyborgbackup_scheduler.

create function projections.owner_of(p_name text) returns text language sql immutable as $$
  select 'cyborgbackup_' || split_part(p_name, '_', 1)
$$;

-- events.caller(), since current_user is another one in the functions below.
create function projections.is_own(p_name text) returns boolean language sql stable as $$
  select coalesce(pg_has_role(events.caller(), to_regrole(quote_ident(projections.owner_of(p_name)))::oid, 'usage'), false)
$$;

create function projections.refuse_others(p_name text) returns void language plpgsql stable as $$
begin
  if not projections.is_own(p_name) then
    raise exception 'The schema % belongs to %, not to %', p_name, projections.owner_of(p_name), events.caller()
      using errcode = 'insufficient_privilege';
  end if;
end $$;

-- Services may not create schemas themselves: that right is for all names, also of schemas that others look functions up in.
create function projections.create_schema(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_name);
  execute format('create schema %I authorization %I', p_name, projections.owner_of(p_name));
end $$;

create function projections.rename_schema(p_name text, p_new_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_name);
  perform projections.refuse_others(p_new_name);
  if to_regnamespace(quote_ident(p_name)) is null then return; end if; -- somebody may have dropped it
  execute format('alter schema %I rename to %I', p_name, p_new_name);
end $$;

-- Everybody sees how far each projection is; only the owner moves it.
alter table projections.checkpoints enable row level security;
create policy seen_by_all on projections.checkpoints for select using (true);
create policy added_by_owner on projections.checkpoints for insert with check (projections.is_own(name));
create policy moved_by_owner on projections.checkpoints for update using (projections.is_own(name));

alter table projections.parked_events enable row level security;
create policy seen_by_all on projections.parked_events for select using (true);
create policy added_by_owner on projections.parked_events for insert with check (projections.is_own(projection));
create policy changed_by_owner on projections.parked_events for update using (projections.is_own(projection));
create policy removed_by_owner on projections.parked_events for delete using (projections.is_own(projection));
