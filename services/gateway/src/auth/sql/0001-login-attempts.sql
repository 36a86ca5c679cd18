-- How often log-ins were tried in vain, over all gateways. Not a read model: an hour without an attempt forgets it. Unlogged,
-- so that an attempt does not wait for a disk; after a crash of PostgreSQL counting begins anew.
--
-- Keys are HMACs of a network (`network`), an account and a network (`pair`), and an account over all networks (`account`).

create unlogged table gateway.login_attempts (
  key text collate "C" primary key,
  -- attempts since the last success, counted when they begin
  failures integer not null default 0,
  last_attempt timestamptz not null,
  -- of a network and a pair: refused until then; of an account: when the next attempt that is slowed down may go on
  closed_until timestamptz not null,
  -- of a pair: somebody logged in from there lately
  known_until timestamptz
);
create index on gateway.login_attempts (last_attempt);

-- The key's row, locked, for one more attempt; after an hour without one it counts from 0 again.
create function gateway.login_attempt(p_key text, p_at timestamptz) returns gateway.login_attempts
language sql volatile as $$
  insert into gateway.login_attempts as a (key, last_attempt, closed_until) values (p_key, p_at, '-infinity')
  on conflict (key) do update set
    failures = case when a.last_attempt <= p_at - interval '1 hour' then 0 else a.failures end
  returning a.*
$$;

-- Until when attempts are refused after so many: from the p_free-th on 2, 4, 8 … seconds, 15 minutes at most.
create function gateway.login_lock(p_failures integer, p_free integer, p_at timestamptz) returns timestamptz
language sql immutable as $$
  select case when p_failures < p_free then '-infinity'::timestamptz
    else p_at + least(interval '2 seconds' * power(2, least(p_failures - p_free, 20)), interval '15 minutes') end
$$;

-- Counts an attempt as failed before its password is looked at, or refuses it: then wait_millis is above 0, and nothing is
-- counted. What arrived before a lock ended is refused by it, so that waiting for one's turn is no way around it. Rows are locked in one order (network, pair, account), so attempts of one network come one after the other.
-- An account that is tried from many networks is slowed down, never closed: delay_millis is 10 seconds at most, and 0 where
-- the account was at home lately.
create function gateway.reserve_login(
  p_network text, p_pair text, p_account text, p_arrived timestamptz, p_at timestamptz
) returns table (wait_millis integer, delay_millis integer, is_known boolean)
language plpgsql volatile as $$
declare
  v_network gateway.login_attempts;
  v_pair gateway.login_attempts;
  v_account gateway.login_attempts;
  v_open timestamptz;
  v_spacing interval;
begin
  delay_millis := 0;
  v_network := gateway.login_attempt(p_network, p_at);
  select coalesce((select a.known_until > p_arrived from gateway.login_attempts a where a.key = p_pair), false) into is_known;
  v_open := p_arrived;
  if not is_known then v_open := v_network.closed_until; end if;
  if v_open <= p_arrived then
    v_pair := gateway.login_attempt(p_pair, p_at);
    v_open := v_pair.closed_until;
  end if;
  wait_millis := 0;
  if v_open > p_arrived then
    wait_millis := greatest(1, ceil(extract(epoch from v_open - p_at) * 1000));
    return next;
    return;
  end if;
  update gateway.login_attempts a set
    failures = a.failures + 1, last_attempt = p_at, closed_until = gateway.login_lock(a.failures + 1, 50, p_at)
    where a.key = p_network;
  update gateway.login_attempts a set
    failures = a.failures + 1, last_attempt = p_at, closed_until = gateway.login_lock(a.failures + 1, 5, p_at)
    where a.key = p_pair;
  if not is_known then
    v_account := gateway.login_attempt(p_account, p_at);
    v_open := greatest(v_account.closed_until, p_at);
    if v_account.failures >= 20 then
      v_spacing := least(interval '100 milliseconds' * (v_account.failures - 19), interval '2 seconds');
      v_open := least(v_open + v_spacing, p_at + interval '10 seconds');
      delay_millis := ceil(extract(epoch from v_open - p_at) * 1000);
    end if;
    update gateway.login_attempts a set failures = a.failures + 1, last_attempt = p_at, closed_until = v_open
      where a.key = p_account;
  end if;
  return next;
end $$;

-- The attempt has failed: what it locks is locked from now on, not from when it was counted.
create function gateway.fail_login(p_network text, p_pair text, p_at timestamptz) returns void
language plpgsql volatile as $$
begin
  update gateway.login_attempts a set closed_until = gateway.login_lock(a.failures, 50, p_at) where a.key = p_network;
  update gateway.login_attempts a set closed_until = gateway.login_lock(a.failures, 5, p_at) where a.key = p_pair;
end $$;

-- Takes back what reserve_login counted. After a success the pair's failures are forgotten and the pair is known for 30 days;
-- without one, the password was never looked at.
create function gateway.release_login(
  p_network text, p_pair text, p_account text, p_at timestamptz, p_is_known boolean, p_has_succeeded boolean
) returns void language plpgsql volatile as $$
begin
  update gateway.login_attempts a set
    failures = greatest(a.failures - 1, 0), closed_until = gateway.login_lock(a.failures - 1, 50, p_at)
    where a.key = p_network;
  if p_has_succeeded then
    insert into gateway.login_attempts as a (key, last_attempt, closed_until, known_until)
      values (p_pair, p_at, '-infinity', p_at + interval '30 days')
    on conflict (key) do update set
      failures = 0, closed_until = excluded.closed_until, known_until = excluded.known_until;
  else
    update gateway.login_attempts a set
      failures = greatest(a.failures - 1, 0), closed_until = gateway.login_lock(a.failures - 1, 5, p_at)
      where a.key = p_pair;
  end if;
  if not p_is_known then
    update gateway.login_attempts a set failures = greatest(a.failures - 1, 0) where a.key = p_account;
  end if;
end $$;
