# shellcheck shell=sh
# shellcheck disable=SC2016 # the inner shell expands it
command -v bash >/dev/null || {
  echo 'bash is not installed on this host; it is needed to see when a part of a pipeline fails.' >&2
  exit 127
}
exec bash -o pipefail -c 'command=$(cat); exec </dev/null; eval "$command"'
