#!/usr/bin/env bash
# ./test.sh        builds and runs every test, beside real DNS servers (installed with apt where missing)
# ./test.sh quick  leaves out the tests that need an installed server or tool, those that take long, and the analyzers of the build
# The last line says how many passed, failed and were skipped; the exit code is 0 only when all is well.
set -uo pipefail
cd "$(dirname "$0")"

mode=${1:-all}
case $mode in
  all | quick) ;;
  *) echo "usage: ./test.sh [quick]" >&2; exit 2 ;;
esac

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# Compilers and hundreds of short lives of the agent: to map code twice, or to count what it does before it is compiled for good, took a
# third of the build's time and a tenth of the tests'. Neither changes what the code does; the program is shipped without the counting.
export DOTNET_EnableWriteXorExecute=0 DOTNET_TieredPGO=0
results=TestResults/run
log=$results/log.txt
rm -rf "$results"
mkdir -p "$results"

finish() { # exit code, passed, failed, skipped
  echo "$2 passed, $3 failed, $4 skipped"
  exit "$1"
}

stop_early() {
  echo "test.sh: $1 (all output: $log)" >&2
  finish 1 0 0 0
}

# ---- the peers ----------------------------------------------------------------------------------------------------------------------

# program or file, and the Debian package that brings it
peers="named:bind9 rndc:bind9-utils named-checkzone:bind9-utils dig:bind9-dnsutils nsd:nsd nsd-control:nsd nsd-control-setup:nsd nsd-checkzone:nsd knotd:knot knotc:knot kdig:knot-dnsutils
  ldns-read-zone:ldnsutils dnsperf:dnsperf dnsdist:dnsdist etcd:etcd-server etcdctl:etcd-client ip:iproute2 setpriv:util-linux pgrep:procps
  bird:bird2 birdc:bird2 exabgp:exabgp
  gdnsd:gdnsd tinydns:tinydns tinydns-data:tinydns tinydns-get:tinydns cdb:tinycdb
  systemd-analyze:systemd promtool:prometheus adduser:adduser
  pdns_server:pdns-server pdnsutil:pdns-server sqlite3:sqlite3
  mariadbd:mariadb-server mariadb-install-db:mariadb-server mariadb:mariadb-client"

have() { PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

missing_packages() {
  local peer packages=""
  for peer in $peers; do
    have "${peer%%:*}" || packages="$packages ${peer##*:}"
  done
  # Its server programs lie in a folder of their version, on nobody's path.
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages="$packages postgresql"
  compgen -G '/usr/lib/*/pdns/libgsqlite3backend.so' >/dev/null || packages="$packages pdns-backend-sqlite3"
  compgen -G '/usr/lib/*/pdns/libgpgsqlbackend.so' >/dev/null || packages="$packages pdns-backend-pgsql"
  compgen -G '/usr/lib/*/pdns/libgmysqlbackend.so' >/dev/null || packages="$packages pdns-backend-mysql"
  /usr/bin/python3 -c 'import dns' >/dev/null 2>&1 || packages="$packages python3-dnspython"
  /usr/bin/python3 -c 'import designate' >/dev/null 2>&1 || packages="$packages python3-designate"
  # setuptools first: it has to come before whatever else loads distutils.
  /usr/bin/python3 -c 'import setuptools, wheel; import pip' >/dev/null 2>&1 || packages="$packages python3-pip python3-setuptools python3-wheel"
  ldconfig_p=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null)
  [[ $ldconfig_p == *libsqlite3.so.0* ]] || packages="$packages libsqlite3-0"
  tr ' ' '\n' <<<"$packages" | sort -u | xargs
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_peers() {
  local packages policy=/usr/sbin/policy-rc.d
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  echo "installing: $packages"
  # Debian starts a service when it is installed; 101 forbids it. The tests start servers of their own.
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy"
  fi
  # The lists of packages may be there already; only if they do not do, they are fetched.
  # shellcheck disable=SC2086 # a list of packages
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >>"$log" 2>&1 </dev/null ||
    { as_root apt-get update >>"$log" 2>&1 </dev/null &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >>"$log" 2>&1 </dev/null; }
  packages=$(missing_packages)
  [ -z "$packages" ] || { tail -20 "$log"; stop_early "missing peers, not installable: $packages"; }
}

[ "$mode" = quick ] || install_peers

# ---- build and run ------------------------------------------------------------------------------------------------------------------

build() {
  dotnet restore Agent.sln --locked-mode && dotnet build Agent.sln -c Release --no-restore -v q -clp:NoSummary
}

# They take longer than the rest of the build. The whole run, which is what counts, has them.
[ "$mode" = quick ] && export AGENT_FAST=1
echo "building"
if ! build >>"$log" 2>&1 </dev/null; then
  grep -aE 'error|warning' "$log" | sort -u | head -40
  stop_early "the build failed"
fi

filter=()
[ "$mode" = quick ] && filter=(--filter 'Category!=Peer&Category!=Long')
# One class more than there are processors at a time: some wait for servers.
classes=$(($(nproc) + 1))
echo "running the tests"
timeout 2700 dotnet test Agent.Tests/Agent.Tests.csproj -c Release --no-build --nologo \
  --results-directory "$results" --logger "trx;LogFilePrefix=tests" --logger "console;verbosity=normal" \
  --blame-hang --blame-hang-timeout 10m --blame-hang-dump-type none "${filter[@]}" -- xUnit.MaxParallelThreads="$classes" >>"$log" 2>&1 </dev/null
code=$?

# ---- the closing line ---------------------------------------------------------------------------------------------------------------

count() { # sum of one attribute over the counters of all result files
  cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*' | awk '{ sum += $1 } END { print sum + 0 }'
}

total=$(count total)
passed=$(count passed)
skipped=$(($(count total) - $(count executed)))
failed=$((total - passed - skipped))
if [ "$code" != 0 ] || [ "$failed" != 0 ]; then
  echo "failures (all output: $log):"
  # The head of each: what servers said behind it can be thousands of lines.
  awk '/^ +Failed [A-Za-z]/ { left = 40 } /^ +(Passed|Skipped) / { left = 0 } left-- > 0 { print substr($0, 1, 400) }' "$log" | head -800
  grep -aE 'error MSB|Aborted|hang detected|process crashed' "$log" | head -20
  # Once more, in short: whoever sees only the end of this output has to see these.
  echo "failed:"
  sed -n -E 's/^ +Failed ([A-Za-z].*) \[.*$/  \1/p' "$log" | sort -u | head -40
fi
[ "$total" -gt 0 ] || stop_early "no test ran"
[ "$code" != 0 ] && [ "$failed" = 0 ] && { echo "test.sh: the run ended with $code" >&2; finish 1 "$passed" 0 "$skipped"; }
[ "$failed" = 0 ] && finish 0 "$passed" 0 "$skipped"
finish 1 "$passed" "$failed" "$skipped"
