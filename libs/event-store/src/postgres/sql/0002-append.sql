-- The append function, and the ceiling that readers ask for (see gap-gate.ts).
--
-- Advisory locks here have 64-bit keys: 0x4342 in the upper 16 bits, a position in the lower 48. All other locks of
-- CyBorgBackup have two keys (see libs/database).

-- The position up to which nothing can appear any more: what a later statement does not find up to it will never be written.
create function events.ceiling() returns bigint language plpgsql volatile as $$
declare
  v_head bigint;
  v_lowest bigint;
begin
  -- First the head, then the locks: a writer that drew a position up to this head took its lock before.
  select last_value into v_head from events.positions;
  select min(((l.classid::bigint << 32) | l.objid::bigint) & x'ffffffffffff'::bigint) into v_lowest
    from pg_locks l
    where l.locktype = 'advisory' and l.objsubid = 1 and l.classid::bigint >> 16 = x'4342'::bigint
      and l.database = (select d.oid from pg_database d where d.datname = current_database());
  return least(v_head, v_lowest);
end $$;

-- The position of the last of these events when they are the stream's events right after version p_base, else null.
create function events.written(p_stream integer, p_base integer, p_ids uuid[]) returns bigint
language plpgsql volatile as $$
declare
  v_ids uuid[];
  v_position bigint;
begin
  select array_agg(e.id order by e.version), max(e.position) into v_ids, v_position
    from events.log e
    where e.stream_id = p_stream and e.version > p_base and e.version <= p_base + cardinality(p_ids);
  return case when v_ids = p_ids then v_position end;
end $$;

-- Appends a batch: item i goes to stream p_streams[i], expects p_expected[i] (a version, or -1 for any, -2 for exists) and
-- takes the next p_counts[i] elements of the arrays of events. Items must be in the order of their streams, or two
-- batches could deadlock. An item that does not find what it expects is answered with appended = false and the stream's
-- version; it does not disturb the others.
create function events.append(
  p_streams text[], p_expected integer[], p_counts integer[],
  p_ids uuid[], p_types text[], p_schema_versions integer[], p_data json[], p_contents bytea[],
  p_actors text[], p_correlations uuid[], p_occurred_at timestamptz[], p_metadata json[]
) returns table (item integer, appended boolean, version integer, "position" bigint)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  v_stream text;
  v_id integer;
  v_expected integer;
  v_count integer;
  v_offset integer := 0;
  v_current integer;
  v_hash bytea;
  v_base integer;
  v_position bigint;
  -- What the caller cannot know, one element per event; the position of an event that is not accepted stays null.
  r_position bigint[] := array_fill(null::bigint, array[cardinality(p_ids)]);
  r_stream integer[] := array_fill(null::integer, array[cardinality(p_ids)]);
  r_version integer[] := array_fill(null::integer, array[cardinality(p_ids)]);
  r_hash bytea[] := array_fill(null::bytea, array[cardinality(p_ids)]);
begin
  -- Elements are found by their numbers, here and in refuse_others: an array that begins at another one, or has rows, would be
  -- looked at in one way and written in another.
  if exists (
    select from unnest(array[array_dims(p_streams), array_dims(p_expected), array_dims(p_counts)]) d
      where d is distinct from format('[1:%s]', cardinality(p_streams))
  ) or exists (
    select from unnest(array[array_dims(p_ids), array_dims(p_types), array_dims(p_schema_versions), array_dims(p_data),
        array_dims(p_contents), array_dims(p_actors), array_dims(p_correlations), array_dims(p_occurred_at), array_dims(p_metadata)]) d
      where d is distinct from format('[1:%s]', cardinality(p_ids))
  ) then
    raise exception 'The arrays of a batch are lists from 1 on, as long as each other' using errcode = 'invalid_parameter_value';
  end if;
  -- What a store of ours sends at most (MAX_APPEND_CHARACTERS, of three bytes each). A reader that cannot hold an event in memory would
  -- never get past it, and no event is ever taken out of the log.
  if exists (select from unnest(p_streams) s where octet_length(s) > 200)
    or exists (select from unnest(p_data, p_actors, p_metadata) e(data, actor, metadata)
                where pg_column_size(e.data) > 50331656 or pg_column_size(e.actor) > 65536 or pg_column_size(e.metadata) > 65536)
  then
    raise exception 'An event has 48 MiB of data, 64 KiB of metadata and a stream of 200 characters at most'
      using errcode = 'program_limit_exceeded';
  end if;
  if (0 < all (p_counts)) is not true or cardinality(p_ids) <> (select sum(c) from unnest(p_counts) c) then
    raise exception 'The counts do not match the events' using errcode = 'invalid_parameter_value';
  end if;
  perform events.refuse_others(p_streams, p_counts, p_types, p_actors);

  -- The epoch: readers wait at holes above it until this transaction is over.
  perform pg_advisory_xact_lock_shared((x'4342'::bigint << 48) | s.last_value) from events.positions s;

  for i in 1 .. cardinality(p_streams) loop
    v_stream := p_streams[i];
    v_expected := p_expected[i];
    v_count := p_counts[i];
    item := i;
    v_current := null;

    -- Twice at most: again when another writer made the stream at the same moment.
    for v_attempt in 1 .. 2 loop
      -- 1. Lock the stream: from here on no other writer appends to it. One that should be new is not looked for at first.
      if v_expected <> 0 or v_attempt = 2 then
        select s.id, s.version, s.last_hash into v_id, v_current, v_hash from events.streams s where s.stream = v_stream for update;
      end if;
      if v_current is null then
        v_current := 0;
        v_hash := decode(repeat('00', 32), 'hex');
      end if;

      -- 2. Have these events been written by an earlier attempt? An exact expectation that fails says where they must be;
      --    otherwise the stream's last few events are looked through.
      v_base := null;
      if v_expected between 0 and v_current - 1 then
        v_base := v_expected;
      elsif v_expected < 0 and v_current > 0 then
        select e.version - 1 into v_base from events.log e
          where e.stream_id = v_id and e.version > v_current - 64 - v_count and e.id = p_ids[v_offset + 1]
          order by e.version desc limit 1;
      end if;
      if v_base is not null then
        v_position := events.written(v_id, v_base, p_ids[v_offset + 1 : v_offset + v_count]);
        if v_position is not null then
          appended := true;
          version := v_base + v_count;
          position := v_position;
          exit;
        end if;
      end if;

      -- 3. Compare. Positions are drawn only after this: the loser of a race draws none and leaves no hole.
      if (v_expected >= 0 and v_current <> v_expected) or (v_expected = -2 and v_current = 0) then
        appended := false;
        version := v_current;
        position := null;
        exit;
      end if;

      -- 4. Set: move the stream and its chain of hashes on.
      for k in 1 .. v_count loop
        v_hash := sha256(v_hash || int8send((v_current + k)::bigint) || p_contents[v_offset + k]);
        r_hash[v_offset + k] := v_hash;
      end loop;
      if v_current > 0 then
        update events.streams s set version = v_current + v_count, last_hash = v_hash where s.id = v_id;
      else
        insert into events.streams (stream, version, last_hash) values (v_stream, v_count, v_hash)
          on conflict do nothing returning id into v_id;
        continue when not found;
      end if;
      for k in 1 .. v_count loop
        v_position := nextval('events.positions');
        r_position[v_offset + k] := v_position;
        r_stream[v_offset + k] := v_id;
        r_version[v_offset + k] := v_current + k;
      end loop;
      appended := true;
      version := v_current + v_count;
      position := v_position;
      exit;
    end loop;

    return next;
    v_offset := v_offset + v_count;
  end loop;

  -- 5. Write all accepted events at once.
  insert into events.log (position, occurred_at, stream_id, version, schema_version, id, correlation, type, actor, hash, metadata, data)
    select r.position, r.occurred_at, r.stream, r.version, r.schema_version, r.id, r.correlation, r.type, r.actor, r.hash,
           r.metadata, r.data
    from unnest(r_position, r_stream, r_version, r_hash, p_ids, p_types, p_schema_versions, p_data,
                p_actors, p_correlations, p_occurred_at, p_metadata)
      as r (position, stream, version, hash, id, type, schema_version, data, actor, correlation, occurred_at, metadata)
    where r.position is not null;
end $$;
