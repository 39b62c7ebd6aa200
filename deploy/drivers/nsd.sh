#!/bin/sh
# A driver for `exec`: zones into NSD by nsd-control, as an example of the contract in docs/drivers.md. (For NSD itself the agent has a driver
# of its own, which is faster and knows more of NSD's ways; take this one as the pattern for a server that has none.)
#
#   backend-driver = exec
#   backends.exec.command = ["/usr/local/lib/agent/nsd.sh", "/etc/nsd/nsd.conf", "/var/lib/nsd/agent", "agent", "127.0.0.1", "53"]
#   backends.exec.list = own
#   backends.exec.server = "127.0.0.1:53"     (else observe runs for each look)
#   backends.exec.together = 200              (apply-many and remove-many below; else each zone has a run of its own)
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

[ $# -ge 6 ] || end $refused "usage: nsd.sh CONFIGURATION FOLDER PATTERN ADDRESS PORT VERB ..."
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

# For each line of standard input, which begins with a zone: "new", "known" or "foreign", and the line; into .sorted.
sort_lines() {
  all=$(nsd zonestatus) || end $away "nsd does not answer on its control channel"
  { printf '%s\n\n' "$all"; cat; } | awk -v pattern="$pattern" '
    NF == 0 { is_line = 1; next }
    is_line { print !($1 in has) ? "new" : has[$1] == pattern ? "known" : "foreign", $0; next }
    $1 == "zone:" { zone = $2; has[zone] = "-" }
    $1 == "pattern:" { has[zone] = $2 }' >"$folder/.sorted" || end $away "cannot write in $folder"
}

# Runs a command for each pair of lines, some at a time, for each is a process.
for_pairs() { tr '\n' '\0' | xargs -0 -n 2 -P 4 "$@" 2>&1; }

# Those lines of one kind, each as a line for nsd-control, which answers every one of them.
change_many() { # kind, command, what stands behind the zone
  lines=$(awk -v kind="$1" -v rest="$3" '$1 == kind { print $2 rest }' "$folder/.sorted")
  [ -n "$lines" ] || return 0
  said=$(printf '%s\n' "$lines" | nsd "$2" 2>&1) || failed "$2: $said"
  case $said in *error*) end $refused "$2: $(echo "$said" | grep error | head -n 1)" ;; esac
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
  apply-many) # for a failure of any of them the agent comes again with fewer
    lock
    sort_lines
    new=$folder/.many
    rm -rf "$new" && mkdir "$new" || end $away "cannot write in $folder"
    while read -r kind zone _ file; do
      has_good_name "$zone" || end $refused "$zone is not a name that this driver takes"
      [ "$kind" != foreign ] || end $refused "$zone is a zone of somebody else in nsd"
      printf '%s\n%s\n' "$zone" "$file" >&3
      printf '%s\n%s\n' "$file" "$new/$zone.zone" >&4
    done <"$folder/.sorted" 3>"$folder/.checks" 4>"$folder/.copies"
    said=$(for_pairs nsd-checkzone <"$folder/.checks") || end $refused "$(echo "$said" | grep -v ' is ok$' | head -n 1)"
    for_pairs cp <"$folder/.copies" || end $away "cannot write in $folder"
    mv "$new"/* "$folder" || end $away "cannot write in $folder"
    change_many new addzones " $pattern"
    # Of all zones it reads those whose file is another one than before.
    if grep -q '^known ' "$folder/.sorted"; then change reload; fi
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
  remove-many)
    lock
    sort_lines
    ! grep -q '^foreign ' "$folder/.sorted" || end $refused "one of them is a zone of somebody else in nsd"
    change_many known delzones ""
    while read -r _ zone; do
      has_good_name "$zone" && echo "$folder/$zone.zone"
    done <"$folder/.sorted" | xargs -r -d '\n' rm -f || end $away "cannot write in $folder"
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
