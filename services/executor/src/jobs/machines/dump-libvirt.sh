# shellcheck shell=sh
# A machine's name may begin with a hyphen, so virsh gets it as the value of an option.
domain=$1 merge=$2 marker=$3
fail() { echo "$*" >&2; exit 1; }
command -v flock >/dev/null || fail 'flock cannot be found: install util-linux.'
[ -w /run ] && lock=/run || lock=/tmp
lock=$lock/cyborgbackup-vm-$(printf %s "$domain" | cksum | tr ' ' -)
rounds=0 wait=2
# shellcheck disable=SC3013 # dash and busybox have -ef
until [ "$lock" -ef /proc/self/fd/9 ]; do
  exec 9>>"$lock"
  until flock -w "$wait" 9; do
    [ "$rounds" -lt 2880 ] || fail "An earlier backup of $domain does not end: see virsh blockjob."
    echo "Waiting for an earlier backup of $domain to end, and its snapshot to be merged." >&2
    rounds=$((rounds + 1)) wait=30
  done
done
sh -ec "$merge" sh "$domain" || fail "The snapshot of an earlier backup of $domain could not be merged."
# shellcheck disable=SC2016 # the watcher expands it
work=$(unset "$marker"; setsid sh -c '
  work=$(mktemp -d /tmp/cyborgbackup-vm.XXXXXXXXXX) && echo "$work" && exec >/dev/null || exit
  while kill -0 "$1"; do sleep 1; done
  rm -rf "$work"; sh -c "$2" sh "$3"; rm -f "$4"' sh $$ "$merge" "$domain" "$lock" </dev/null 2>/dev/null &)
[ -n "$work" ] || fail "No folder could be made in /tmp."
virsh domblklist --details --domain="$domain" >"$work/all" || exit
virsh dumpxml --inactive --domain="$domain" >"$work/domain.xml" || exit
virsh dumpxml --domain="$domain" >"$work/now.xml" || exit
# The machine writes its disks: a raw one may look like an image that is based on any file of this host. So the format is what
# libvirt says (raw where it says nothing), and never what the contents look like.
format=
while read -r line; do
  case ${format:+disk}:$line in
    *:'<disk '*) format=raw ;;
    *:'</disk>'*) format= ;;
    "disk:<driver "*" type='"*) format=${line#*" type='"} format=${format%%"'"*} ;;
    "disk:<target dev='"*) target=${line#"<target dev='"} && echo "${target%%"'"*} $format" ;;
  esac
done <"$work/now.xml" >"$work/formats"
set -- snapshot-create-as --domain="$domain" --name=cyborgbackup --disk-only --atomic --no-metadata
while read -r type device target source; do
  case $device:$type:$source in
    disk:file:/*) format=$(sed -n "s/^$target //p" "$work/formats")
      [ -n "$format" ] || fail "libvirt does not tell the format of disk $target of $domain."
      chain=--backing-chain
      [ "$format" != raw ] || chain=
      qemu-img info -U -f "$format" ${chain:+"$chain"} "$source" >"$work/chain" || fail "Disk $target of $domain cannot be read."
      [ "$(grep -c '^backing file: ' "$work/chain")" = "$(grep -c '^backing file format: ' "$work/chain")" ] ||
        fail "An image of disk $target of $domain is based on one of no known format: see qemu-img rebase -u -F."
      sed -n 's|^image: /||p' "$work/chain" >>"$work/files"
      set -- "$@" --diskspec "$target,snapshot=external,file=$source.cyborgbackup" ;;
    disk:*:- | cdrom:* | floppy:*) set -- "$@" --diskspec "$target,snapshot=no" ;;
    disk:* | lun:*) fail "Disk $target of $domain is no file ($type $source): only images in files can be backed up." ;;
  esac
done <"$work/all"
[ -s "$work/files" ] || fail "Machine $domain has no disk in a file."
state=$(virsh domstate --domain="$domain")
case $state in
  'shut off'*) ;;
  *) virsh "$@" --quiesce >/dev/null 2>&1 || virsh "$@" >&2 || exit ;;
esac
tar --create --sparse --file=- -C "$work" domain.xml -C / --verbatim-files-from --files-from="$work/files"
status=$?
sh -ec "$merge" sh "$domain" || fail "The snapshot of $domain could not be merged: see virsh blockcommit."
case $state:$(virsh domstate --domain="$domain") in 'shut off'*:'shut off'*) ;; 'shut off'*) fail "$domain was started meanwhile." ;; esac
exit $status
