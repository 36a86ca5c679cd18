# shellcheck shell=sh
# Goes to the folder $1 and prints the SHA-256 of each file, or a hyphen for one that cannot be read.
cd -- "$1" || exit 3
shift
for program in 'sha256sum' 'shasum -a 256' 'sha256 -q' 'openssl dgst -sha256 -r'; do
  command -v "${program%% *}" >/dev/null && break
done
for path do
  if [ -f "$path" ] && [ ! -L "$path" ] && hash=$($program <"$path"); then echo "${hash%% *}"; else echo -; fi
done
