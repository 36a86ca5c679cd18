# shellcheck shell=sh
# shellcheck disable=SC2154 # the caller sets them
#
# Runs after credentials-file.sh. Errors are in English where the account may say so. Without credentials PostgreSQL's own account is used.
#
# The dump may be of another host, and its text tell psql to run a program, which psql cannot be kept from. So it is not run as root:
# with a password any account will do.
command -v psql >/dev/null || { echo 'psql is not installed on this host.' >&2; exit 127; }
export LC_ALL=C PGDATABASE=postgres
[ -z "$server_host" ] || export PGHOST="$server_host"
[ -z "$server_port" ] || export PGPORT="$server_port"
[ -z "$server_user" ] || export PGUSER="$server_user"
if [ -n "$credentials" ]; then
  open_credentials
  export PGPASSFILE=/dev/fd/9
fi
run='
  PGOPTIONS="-c lc_messages=C" psql --no-password -Xqc "select 1" >/dev/null 2>&1 </dev/null && export PGOPTIONS="-c lc_messages=C"
  exec psql --no-password -Xqf - >/dev/null'
cd /
become() {
  # Opened anew by its name, as the account that reads it.
  [ -z "$credentials" ] || chown "$1" /dev/fd/9 || exit
  if command -v runuser >/dev/null; then exec runuser -u "$1" -- sh -c "$run"; fi
  exec su "$1" -s /bin/sh -c "$run"
}
if [ "$(id -u)" = 0 ]; then
  [ -z "$credentials" ] || become nobody
  [ -n "$server_user" ] || become postgres
fi
if [ -n "$server_user$credentials" ] || [ "$(id -un)" = postgres ]; then exec sh -c "$run"; fi
exec sudo -n -u postgres -- env PGDATABASE=postgres sh -c "$run"
