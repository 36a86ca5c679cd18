# shellcheck shell=sh
set -e
[ -z "$1" ] || export PGHOST="$1"
[ -z "$2" ] || export PGPORT="$2"
[ -z "$3" ] || export PGUSER="$3"
shift 3
[ "$#" -gt 0 ] || exec pg_dumpall --no-password --clean --if-exists
[ "$#" -eq 1 ] || pg_dumpall --no-password --globals-only
for database do PGDATABASE=$database pg_dump --no-password --clean --if-exists --create; done
