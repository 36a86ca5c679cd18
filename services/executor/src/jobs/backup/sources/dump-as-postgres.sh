# shellcheck shell=sh
dump=$1; shift
cd /
[ "$(id -un)" != postgres ] || exec sh -c "$dump" sh "$@"
[ "$(id -u)" = 0 ] || exec sudo -n -u postgres -- sh -c "$dump" sh "$@"
if command -v runuser >/dev/null; then exec runuser -u postgres -- sh -c "$dump" sh "$@"; fi
exec su postgres -s /bin/sh -c "$dump" -- sh "$@"
