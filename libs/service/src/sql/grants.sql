grant usage on schema ids to
  cyborgbackup_gateway, cyborgbackup_inventory, cyborgbackup_scheduler, cyborgbackup_executor, cyborgbackup_catalog;
grant usage, update on ids."user", ids.client, ids.repository, ids.schedule, ids.policy, ids.api_token to cyborgbackup_inventory;
grant usage, update on ids.job to cyborgbackup_scheduler;
grant usage, update on ids.job_event to cyborgbackup_executor;
grant usage, update on ids.catalog_entry to cyborgbackup_catalog;
