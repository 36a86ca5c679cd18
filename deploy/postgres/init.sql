-- Run once, by the postgres image, when the cluster is new. Each service logs in as its own role, which owns nothing yet: `prepare`
-- gives it what it needs, and only `prepare` logs in as the owner.
\getenv gateway_password CYBORGBACKUP_GATEWAY_DATABASE_PASSWORD
create role cyborgbackup_gateway login password :'gateway_password';
\getenv inventory_password CYBORGBACKUP_INVENTORY_DATABASE_PASSWORD
create role cyborgbackup_inventory login password :'inventory_password';
\getenv scheduler_password CYBORGBACKUP_SCHEDULER_DATABASE_PASSWORD
create role cyborgbackup_scheduler login password :'scheduler_password';
\getenv executor_password CYBORGBACKUP_EXECUTOR_DATABASE_PASSWORD
create role cyborgbackup_executor login password :'executor_password';
\getenv catalog_password CYBORGBACKUP_CATALOG_DATABASE_PASSWORD
create role cyborgbackup_catalog login password :'catalog_password';
