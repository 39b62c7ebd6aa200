#!/bin/bash
# deploy/debian/try-package.sh PACKAGE: the life of the package on this machine, without a trace on it: install, run, upgrade, remove, purge.
# Needs root. Everything happens in namespaces of its own, on an overlay over / whose changes lie in memory: files and processes go with it.
set -euo pipefail

say() { printf '%s after %s s\n' "$*" "$SECONDS"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
holds() { "$@" || fail "$*"; }
holds_not() { if "$@"; then fail "not: $*"; fi; }

if [ "${1:-}" != --inside ]; then
  if [ $# != 1 ] || [ ! -f "$1" ]; then
    echo "usage: $0 PACKAGE" >&2
    exit 2
  fi
  exec unshare --mount --propagation private --pid --fork --kill-child -- bash "$0" --inside "$(realpath "$1")"
fi

if [ $# = 2 ]; then
  place=$(mktemp -d)
  mount -t tmpfs -o size=3g tmpfs "$place"
  trap 'umount -l "$place" && rmdir "$place"' EXIT
  mkdir "$place/upper" "$place/work" "$place/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$place/root"
  mount -t proc proc "$place/root/proc"
  mount --rbind /dev "$place/root/dev"
  cp "$2" "$place/root/tmp/agent.deb"
  cp "$0" "$place/root/tmp/try-package.sh"
  chroot "$place/root" /bin/bash /tmp/try-package.sh --inside --overlay /tmp/agent.deb
  exit
fi

# ---- on the overlay ------------------------------------------------------------------------------------------------------------------

package=$3
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
cd /
unset AGENT_TEST_PROGRAM CREDENTIALS_DIRECTORY
files() { find /etc /lib/systemd /usr/bin /usr/lib /usr/share /var/lib /run -path /var/lib/dpkg -prune -o -path /run/netns -prune -o -print | grep -v -e '^/etc/.*-$' | LC_ALL=C sort; }
package_tool() { dpkg --force-confold --force-unsafe-io "$@" >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log >&2; fail "dpkg $*"; }; }

# A systemd that writes down what it is asked. Its agent waits for a database: activating, which is-active tells with code 3.
mkdir -p /run/systemd/system
cat >/usr/local/bin/systemctl <<'END'
#!/bin/sh
echo "$*" >>/tmp/systemctl.log
[ "$1" != is-active ] || { echo activating; exit 3; }
END
chmod 755 /usr/local/bin/systemctl
touch /tmp/systemctl.log

# What the unit does that a shell can do: user, group, the one capability, no way to more.
# shellcheck disable=SC2054 # the commas belong to setpriv
as_unit=(setpriv --reuid agent --regid agent --init-groups --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service
  --bounding-set=-all,+net_bind_service --no-new-privs --)

# Documents that point at others have them beside them.
dpkg-deb -x "$package" /tmp/content
(cd /tmp/content/usr/share/doc/agent && find . -name '*.md' | while read -r page; do
  grep -o '](\([^)#]*\)' "$page" | cut -c 3- | grep -v '^https\{0,1\}:' | while read -r place; do
    [ -z "$place" ] || [ -e "$(dirname "$page")/$place" ] || echo "$page: $place"
  done || true
  grep -o '/usr/share/doc/agent/[a-zA-Z0-9_./-]*[a-z]' "$page" | while read -r place; do
    [ -e "/tmp/content$place" ] || echo "$page: $place"
  done || true
  # Where the sources are, nobody can look here.
  [ "$page" != ./guide.md ] || grep -o '\(Agent\.[A-Za-z]*\|hocon\|docs\)/[A-Za-z0-9_./-]*[a-z]' "$page" | sed "s:^:$page\: :" || true
done) >/tmp/missing
[ ! -s /tmp/missing ] || fail "documents point at what is not there: $(cat /tmp/missing)"
for name in guide.md conformance.md runbook/README.md examples/grafana/dashboard.json examples/grafana/alerts.yml examples/etcd/etcd.conf.yml \
  examples/postgres/pg_hba.conf examples/anycast/bird/agent.conf servers/Gdnsd.md servers/PowerDnsSql.md servers/Tinydns.md; do
  holds test -s "/tmp/content/usr/share/doc/agent/$name"
done
rm -rf /tmp/content

files >/tmp/before
package_tool -i "$package"
say installed
holds test -x /usr/bin/agent
holds test "$(stat -c '%U:%G %a' /etc/agent/agent.conf)" = "root:agent 640"
holds test "$(stat -c '%U:%G %a' /var/lib/agent)" = "agent:agent 750"
holds test -z "$(dpkg --verify agent)"
grep -q start /tmp/systemctl.log && fail "the first installation starts the service"
(cd /tmp && holds agent config check) >/dev/null
"${as_unit[@]}" agent config check >/dev/null 2>&1 || fail "the user agent cannot read its configuration"
# shellcheck source=/dev/null
(. /usr/share/bash-completion/completions/agent && COMP_LINE="agent zon" COMP_POINT=9 COMP_WORDS=(agent zon) COMP_CWORD=1 && _agent &&
  holds test "${COMPREPLY[0]}" = zone)
say configured

agent demo --once >/tmp/demo.log 2>&1 || { cat /tmp/demo.log >&2; fail "agent demo --once"; }
say demonstrated

serve() {
  cd /var/lib/agent
  "${as_unit[@]}" agent run --set agent.port=0 --set agent.management.port=0 >/tmp/ready 2>/tmp/service.log &
  service=$!
  cd /
  for _ in $(seq 600); do
    grep -q '^ready ' /tmp/ready && break
    kill -0 "$service" 2>/dev/null || break
    sleep 0.05
  done
  grep -q '^ready ' /tmp/ready || { cat /tmp/service.log >&2; fail "the service does not become ready"; }
  api=http://$(sed -n 's/.*management=//p' /tmp/ready)
}
stop_service() {
  kill -TERM "$service"
  wait "$service" || fail "the service ends with $?"
}

serve
holds test "$(ps -o user= -p "$service" | tr -d ' ')" = agent
agent health ready --api "$api" >/dev/null || fail "agent health ready"
agent zone create example.org --at "$(sed -n 's/.*dns=\([^ ]*\) .*/\1/p' /tmp/ready)" >/dev/null 2>&1 && fail "a zone without masters is created"
# The token of the service is found by root and by nobody else.
agent zone refresh example.org --api "$api" >/tmp/out 2>&1 && fail "a zone that is not there is refreshed"
grep -q unknown-zone /tmp/out || fail "root does not find the token: $(cat /tmp/out)"
setpriv --reuid nobody --regid nogroup --clear-groups -- agent zone refresh example.org --api "$api" >/tmp/out 2>&1 || true
grep -q token-needed /tmp/out || fail "anybody finds the token: $(cat /tmp/out)"
holds_not setpriv --reuid nobody --regid nogroup --clear-groups -- test -r /var/lib/agent/api-token
stop_service
agent health ready --api "$api" >/dev/null 2>&1 && fail "a stopped service is well"
holds test -s /var/lib/agent/api-token
say served

# ---- an upgrade, with a configuration that was changed on both sides -----------------------------------------------------------------

dpkg-deb -R "$package" /tmp/next
version=$(dpkg-deb -f "$package" Version)
sed -i "s/^Version: .*/Version: $version+next/" /tmp/next/DEBIAN/control
echo "# a new line of the maintainer" >>/tmp/next/etc/agent/agent.conf
dpkg-deb --root-owner-group -Znone --build /tmp/next /tmp/next.deb >/dev/null
rm -rf /tmp/next
echo "# a line of the operator" >>/etc/agent/agent.conf
token=$(cat /var/lib/agent/api-token)
: >/tmp/systemctl.log
package_tool -i /tmp/next.deb
rm -f /tmp/next.deb
grep -q "a line of the operator" /etc/agent/agent.conf || fail "the operator's configuration is lost"
grep -q "new line of the maintainer" /etc/agent/agent.conf && fail "the operator's configuration is mixed"
holds test "$(stat -c '%U:%G %a' /etc/agent/agent.conf)" = "root:agent 640"
holds test "$(cat /var/lib/agent/api-token)" = "$token"
holds test "$(grep -e ' agent.service$' /tmp/systemctl.log | tr '\n' ',')" = \
  "is-active agent.service,stop agent.service,start agent.service,"
serve
stop_service
say upgraded

# ---- away -----------------------------------------------------------------------------------------------------------------------------

: >/tmp/systemctl.log
package_tool -r agent
holds grep -qx "disable --now agent.service" /tmp/systemctl.log
holds_not test -e /usr/bin/agent
holds_not test -e /usr/lib/agent
holds test -s /etc/agent/agent.conf
holds test -s /var/lib/agent/api-token
say removed
package_tool -P agent
holds_not getent passwd agent
holds_not getent group agent
files >/tmp/after
diff /tmp/before /tmp/after || fail "the purge leaves or takes files"
say purged
