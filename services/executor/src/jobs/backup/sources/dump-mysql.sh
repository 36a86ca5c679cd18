# shellcheck shell=sh
program=$(command -v mariadb-dump || command -v mysqldump) || {
  echo 'Neither mariadb-dump nor mysqldump is installed on this host.' >&2
  exit 127
}
cat | "$program" --defaults-extra-file=/dev/stdin \
  --single-transaction --quick --routines --events --triggers --hex-blob "$@"
