-- Who may append what. The list itself is the product's; see install-event-store.ts.

create table events.writers (
  role name not null,
  -- What names of streams are like.
  streams text not null,
  -- Whether its events may say that a user acts. Otherwise it is a service that does.
  for_users boolean not null,
  primary key (role, streams, for_users)
);

-- Which types of events a role may append, to whichever stream: readers of the whole log go by the type.
create table events.written_types (
  role name not null,
  type text not null,
  primary key (role, type)
);

-- The role that the session has taken on, or else its login. In a function that runs as its owner, current_user is the owner.
-- With a search_path of its own: policies call it, in sessions whose search_path may lead to functions of their own.
create function events.caller() returns name language sql stable set search_path = pg_catalog, pg_temp as $$
  select case current_setting('role') when 'none' then session_user else current_setting('role')::name end
$$;

-- Refuses a batch of appends (see append) unless the caller may append to each stream, events of each type, and name who acts in
-- each event.
create function events.refuse_others(p_streams text[], p_counts integer[], p_types text[], p_actors text[]) returns void
language plpgsql stable as $$
declare
  v_caller name := events.caller();
  v_streams text[];
  v_user_streams text[];
  v_types text[];
  v_refused text;
begin
  select array_agg(w.streams), array_agg(w.streams) filter (where w.for_users) into v_streams, v_user_streams
    from events.writers w where pg_has_role(v_caller, w.role, 'usage');
  select s into v_refused from unnest(p_streams) s where (s like any (v_streams)) is not true limit 1;
  if v_refused is not null then
    raise exception 'The role % may not append to the stream %', v_caller, v_refused using errcode = 'insufficient_privilege';
  end if;

  select array_agg(t.type) into v_types from events.written_types t where pg_has_role(v_caller, t.role, 'usage');
  -- A test's service may append all types.
  if ('{%}' <@ v_types or p_types <@ v_types) is not true then
    select t into v_refused from unnest(p_types) t where (t = any (v_types)) is not true limit 1;
    raise exception 'The role % may not append events of the type %', v_caller, v_refused
      using errcode = 'insufficient_privilege';
  end if;

  -- Nearly all events are of services.
  if exists (select from unnest(p_actors) actor where actor like 'user:%') then
    select a.stream into v_refused
      from (select u.stream, u.size, sum(u.size) over (order by u.n) as last
              from unnest(p_streams, p_counts) with ordinality u(stream, size, n)) a
           cross join unnest(p_actors[a.last - a.size + 1 : a.last]) actor
     where actor like 'user:%' and (a.stream like any (v_user_streams)) is not true
     limit 1;
    if v_refused is not null then
      raise exception 'The role % may not say that a user acts in the stream %', v_caller, v_refused
        using errcode = 'insufficient_privilege';
    end if;
  end if;
end $$;
