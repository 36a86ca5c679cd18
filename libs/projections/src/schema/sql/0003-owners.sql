-- What belongs to whom. Projections, their schemas, and leases have names that begin with the service's: `catalog`,
-- `catalog_rebuild`, `scheduler_leader` belong to cyborgbackup_catalog and cyborgbackup_scheduler.

-- With a search_path of their own: policies call them, in sessions of services, whose search_path may lead to functions of their own.

create function projections.owner_of(p_name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select 'cyborgbackup_' || split_part(p_name, '_', 1)
$$;

-- events.caller(), since current_user is another one in the functions below.
create function projections.is_own(p_name text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
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
-- A service builds its tables where nobody else looks, and is the owner there.
create function projections.create_schema(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_name);
  if p_name !~ '_(rebuild|compare)$' then
    raise exception 'The schema % is made by publishing one that was built', p_name using errcode = 'insufficient_privilege';
  end if;
  execute format('create schema %I authorization %I', p_name, projections.owner_of(p_name));
end $$;

-- Refuses a table that is more than rows and indexes of PostgreSQL's own and its extensions' types. Whoever reads a view, a table
-- with a policy, or a value of a type with casts, runs with his own rights what its maker has put there.
create function projections.refuse_unless_plain(p_table regclass) returns void language plpgsql stable as $$
begin
  if exists (select from pg_class c where c.oid = p_table
      and (c.relkind <> 'r' or c.relrowsecurity or c.relhasrules or c.relhastriggers or c.relhassubclass))
    or exists (select from pg_policy p where p.polrelid = p_table)
    or exists (select from pg_inherits i where i.inhrelid = p_table)
    or exists (select from pg_attrdef d where d.adrelid = p_table)
    or exists (select from pg_constraint c where c.conrelid = p_table and c.contype not in ('p', 'u', 'n'))
    or exists (select from pg_statistic_ext s where s.stxrelid = p_table)
    or exists (
      select from pg_depend d
       where d.classid = 'pg_class'::regclass
         and (d.objid = p_table or d.objid in (select i.indexrelid from pg_index i where i.indrelid = p_table))
         and d.refclassid not in ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_namespace'::regclass)
         and not exists (select from pg_depend e where e.classid = d.refclassid and e.objid = d.refobjid and e.deptype = 'e'))
  then
    raise exception 'The table % is more than rows and indexes: nobody else could read it safely', p_table
      using errcode = 'insufficient_privilege';
  end if;
end $$;

-- Moves the tables that a service has built to a schema that it may fill and empty, but not change: it belongs to the owner of the
-- database, from its first moment on. Each table is locked before it is looked at.
create function projections.publish_schema(p_built text, p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_table record;
  v_grantee text;
begin
  perform projections.refuse_others(p_built);
  perform projections.refuse_others(p_name);
  if p_name ~ '_(rebuild|compare|replaced)$' then
    raise exception 'The schema % is for tables that are being built', p_name using errcode = 'insufficient_privilege';
  end if;
  execute format('create schema %I', p_name);
  execute format('grant usage on schema %I to %I, cyborgbackup_reader, cyborgbackup_gateway, cyborgbackup_inventory',
    p_name, projections.owner_of(p_name));
  for v_table in
    select c.oid::regclass as id, c.relname as name from pg_class c
     where c.relnamespace = to_regnamespace(quote_ident(p_built)) and c.relkind = 'r'
  loop
    execute format('alter table %s owner to %I', v_table.id, current_user);
    execute format('alter table %s set schema %I', v_table.id, p_name);
    perform projections.refuse_unless_plain(v_table.id);
    for v_grantee in
      select distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end
        from pg_class c cross join aclexplode(c.relacl) a where c.oid = v_table.id and a.grantee <> c.relowner
    loop
      execute format('revoke all on %I.%I from %s', p_name, v_table.name, v_grantee);
    end loop;
    execute format('grant select, insert, update, delete on %I.%I to %I', p_name, v_table.name, projections.owner_of(p_name));
    execute format('grant select on %I.%I to cyborgbackup_reader, cyborgbackup_gateway, cyborgbackup_inventory',
      p_name, v_table.name);
  end loop;
  execute format('drop schema %I cascade', p_built);
end $$;

-- Makes room for tables that are to be published. Somebody may have dropped the old ones.
create function projections.retire_schema(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_name);
  if to_regnamespace(quote_ident(p_name)) is null then return; end if;
  execute format('alter schema %I rename to %I', p_name, p_name || '_replaced');
end $$;

create function projections.drop_schema(p_name text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_name);
  execute format('drop schema if exists %I cascade', p_name);
end $$;

-- What only the owner of a table may do to keep it in order.
create function projections.analyze_table(p_schema text, p_table text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_schema);
  execute format('analyze %I.%I', p_schema, p_table);
end $$;

create function projections.merge_pending(p_schema text, p_table text) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform projections.refuse_others(p_schema);
  return (
    select sum(gin_clean_pending_list(i.indexrelid))
      from pg_index i
           join pg_class c on c.oid = i.indexrelid
           join pg_am m on m.oid = c.relam
     where i.indrelid = to_regclass(format('%I.%I', p_schema, p_table)) and m.amname = 'gin');
end $$;

-- The index that searches for a part of a text use; the column's expression and the limit (kB) are as its builder would have them.
create function projections.add_trigram_index(p_schema text, p_table text, p_column text, p_pending_limit integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_extension name;
begin
  perform projections.refuse_others(p_schema);
  select n.nspname into strict v_extension
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
  execute format(
    $sql$create index on %I.%I using gin ((%I || '') %I.gin_trgm_ops) with (gin_pending_list_limit = %s)$sql$,
    p_schema, p_table, p_column, v_extension, p_pending_limit);
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
