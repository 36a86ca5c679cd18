with free as (
  select name, owner as former_owner, expires_at > clock_timestamp() + $3 * interval '1 millisecond' as was_void
    from projections.checkpoints
   where name = $1
     and (owner is null or owner = $2 or $4
          or expires_at not between clock_timestamp() and clock_timestamp() + $3 * interval '1 millisecond')
     for update
)
update projections.checkpoints lease
   set owner = $2, fence = fence + 1, expires_at = clock_timestamp() + $3 * interval '1 millisecond'
  from free
 where lease.name = free.name
returning lease.fence::text, lease.version, lease.position::text, lease.hash, free.former_owner, free.was_void
