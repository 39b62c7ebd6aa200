#!/bin/sh
# A driver for `exec`: zones into NSD by nsd-control, as an example of the contract in docs/drivers.md. (For NSD itself the agent has a driver
# of its own, which is faster and knows more of NSD's ways; take this one as the pattern for a server that has none.)
#
#   backend-driver = exec
#   backends.exec.command = ["/usr/local/lib/agent/nsd.sh", "/etc/nsd/nsd.conf", "/var/lib/nsd/agent", "agent", "127.0.0.1", "53"]
#   backends.exec.list = own
#
# where nsd.conf has   pattern: name: agent, zonefile: "/var/lib/nsd/agent/%s.zone"   and the folder is there.
set -u
LC_ALL=C
export LC_ALL

done=0 refused=1 away=75 absent=76

end() { # exit code, reason: the last line of standard error is what an operator reads
  echo "$2" >&2
  exit "$1"
}

[ $# -ge 6 ] || end $refused "usage: nsd.sh CONFIGURATION FOLDER PATTERN ADDRESS PORT apply|remove|observe|probe|list ..."
configuration=$1 folder=$2 pattern=$3 address=$4 port=$5
shift 5

nsd() { nsd-control -c "$configuration" "$@"; }

# A failure of nsd-control is "no" only while nsd answers at all.
failed() {
  nsd status >/dev/null 2>&1 || end $away "nsd does not answer on its control channel"
  end $refused "nsd refused: $1"
}

change() { # command and arguments; nsd's own words are the reason when it fails
  said=$(nsd "$@" 2>&1) || failed "$1: $said"
}

# Only names that are safe as a file's name and as a word of nsd-control; the agent writes every other octet as \DDD.
has_good_name() {
  case $1 in '' | .* | *[!a-z0-9._-]*) return 1 ;; esac
  [ ${#1} -le 250 ]
}

# The zone's pattern, "-" for a zone of nsd.conf itself; nothing when nsd does not have it.
pattern_of() {
  status=$(nsd zonestatus "$1" 2>&1) || {
    case $status in
      *"not configured"* | *"not present"* | *"not found"*) return 0 ;;
      *) failed "zonestatus: $status" ;;
    esac
  }
  echo "$status" | awk '$1 == "pattern:" { found = $2 } END { print found == "" ? "-" : found }'
}

# One change at a time: a run that an earlier agent left behind ends first.
lock() {
  exec 9>"$folder/.lock" || end $away "cannot write in $folder"
  flock 9
}

case $1 in
  apply)
    has_good_name "$2" || end $refused "this driver takes names of letters, digits, - and _ only, and of 250 characters"
    lock
    known=$(pattern_of "$2") || exit $?
    case $known in
      "$pattern" | '') ;;
      *) end $refused "$2 is a zone of somebody else in nsd" ;;
    esac
    new=$folder/.new
    cat >"$new" || end $away "cannot write in $folder"
    # nsd answers before it loads, and loses a zone that it cannot load.
    said=$(nsd-checkzone "$2" "$new" 2>&1) || {
      rm -f "$new"
      end $refused "$(echo "$said" | head -n 1)"
    }
    # Whole or not at all: nsd may read the file at any time.
    mv "$new" "$folder/$2.zone" || end $away "cannot write in $folder"
    if [ -n "$known" ]; then change reload "$2"; else change addzone "$2" "$pattern"; fi
    ;;
  remove)
    has_good_name "$2" || exit $done # never came here
    lock
    known=$(pattern_of "$2") || exit $?
    case $known in
      "$pattern") change delzone "$2" ;;
      '') ;;
      *) end $refused "$2 is a zone of somebody else in nsd" ;;
    esac
    rm -f "$folder/$2.zone"
    ;;
  observe)
    has_good_name "$2" || exit $absent
    known=$(pattern_of "$2") || exit $?
    [ -n "$known" ] || exit $absent
    serial=$(dig "@$address" -p "$port" +norecurse +short +tries=2 +time=2 "$2." SOA | awk 'NF == 7 { print $3 }')
    [ -n "$serial" ] || end $away "nsd has $2 but does not answer for it (yet)"
    echo "$serial"
    ;;
  probe)
    nsd status >/dev/null || end $away "nsd does not answer on its control channel"
    [ -w "$folder" ] || end $away "cannot write in $folder"
    ;;
  list)
    all=$(nsd zonestatus) || end $away "nsd does not answer on its control channel"
    echo "$all" | awk -v pattern="$pattern" '$1 == "zone:" { zone = $2 } $1 == "pattern:" && $2 == pattern { print zone }'
    ;;
  *)
    end $refused "$1 is not a command of this driver"
    ;;
esac
