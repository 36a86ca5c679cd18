# shellcheck shell=sh
# Runs after credentials-file.sh. Stops at the first error. MariaDB has its own program, and newer versions have no other.
# The dump may be of another host, and its text tell the client to run a program: binary mode leaves it no commands but those for the
# delimiter and the character set.
program=$(command -v mariadb || command -v mysql) || {
  echo 'Neither mariadb nor mysql is installed on this host.' >&2
  exit 127
}
open_credentials
exec "$program" --defaults-extra-file=/dev/fd/9 --batch --binary-mode
