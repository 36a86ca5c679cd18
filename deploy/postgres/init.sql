-- Run once, by the postgres image, when the cluster is new. Services log in as a user that owns nothing and act as
-- cyborgbackup_app, which may append events but neither change nor delete them; only migrations run as the owner.
\getenv service_password CYBORGBACKUP_SERVICE_PASSWORD
create role cyborgbackup_app nologin;
create role cyborgbackup_service login password :'service_password' in role cyborgbackup_app;
