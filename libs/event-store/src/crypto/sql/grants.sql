-- What services may do: read and make the keys that keys.readers lets them. Only the inventory may erase, and nobody may change one.
revoke all on all functions in schema keys from public;
grant usage on schema keys to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant select on keys.subject_keys, keys.readers to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant insert (subject, wrapped_key) on keys.subject_keys to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant execute on function keys.erase(text) to cyborgbackup_inventory;
