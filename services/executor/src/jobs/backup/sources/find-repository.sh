# shellcheck shell=sh
# Arguments: borg's id of a repository, an account, the path of the repository (if it is relative, from the account's home folder), and
# the paths that are to be backed up. Where the repository is on this host, under whatever links, it says of each path: `around`
# with the repository's path as an archive would have it, `within` if the path is in the repository, or nothing.
id=$1 account=$2 place=$3
shift 3
case $place in /*) ;; *)
  home=$( { getent passwd "$account" || cat /etc/passwd; } 2> /dev/null | awk -F: -v account="$account" '$1 == account { print $6; exit }')
  [ -n "$home" ] || exit 0
  place=$home/$place
  ;;
esac
real=$(readlink -f -- "$place" 2> /dev/null) || exit 0
grep -q "^id *= *$id\$" "$real/config" 2> /dev/null || exit 0
for path do
  source=$(readlink -f -- "$path" 2> /dev/null) || source=$path
  source=${source%/}
  case $real/ in
    "$source"/?*)
      case $source in
        "$real") printf 'within\0' ;;
        *) printf 'around %s\0' "${path%/}${real#"$source"}" ;;
      esac
      ;;
    *)
      case $source/ in "$real"/*) printf 'within\0' ;; *) printf '\0' ;; esac
      ;;
  esac
done
