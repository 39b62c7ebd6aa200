#!/bin/sh
# Builds the Debian package of the agent: deploy/debian/build-package.sh [--output FOLDER] [--compression xz|zstd|none]
# Needs the .NET SDK, dpkg-deb and whatever a restore needs (the runtime comes from there). Leaves nothing behind but the package, whose
# path is the last line of output.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sources=$(cd "$here/../.." && pwd)
output=$PWD
compression=xz
while [ $# -gt 0 ]; do
  case $1 in
    --output) output=$2; shift 2 ;;
    --compression) compression=$2; shift 2 ;;
    *) echo "usage: $0 [--output FOLDER] [--compression xz|zstd|none]" >&2; exit 2 ;;
  esac
done

[ "$(dpkg --print-architecture)" = amd64 ] || { echo "$0: only amd64 is built so far" >&2; exit 1; }
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$sources/Directory.Build.props")
[ -n "$version" ] || { echo "$0: no version in Directory.Build.props" >&2; exit 1; }
# The same sources give the same package: no file is younger than the last entry of the changelog.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$(sed -n 's/^ -- .*>  //p' "$here/package/changelog" | head -n 1)" +%s)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d "${TMPDIR:-/tmp}/agent-package.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
root=$work/root
umask 022

put() { # mode, source, target
  install -D -m "$1" "$2" "$root$3"
}

put_compressed() { # source, target
  mkdir -p "$root$(dirname "$2")"
  gzip -9 -n <"$1" >"$root$2"
}

put_text() { # source, target: a text whose links lead to where things are on the machine that has the package
  mkdir -p "$root$(dirname "$2")"
  sed -e 's:](\.\./\.\./docs/:](../../:g' \
    -e 's:](\.\./deploy/README\.md:](examples/:g' \
    -e 's:](\.\./deploy/runbook/:](runbook/:g' \
    -e 's:](\.\./deploy/:](examples/:g' \
    -e 's:](\.\./hocon/reference\.conf:](reference.conf:g' \
    -e 's:](\.\./hocon/\(examples/\)\{0,1\}:](examples/:g' \
    -e 's:hocon/agent\.conf:/etc/agent/agent.conf:g' \
    -e 's:hocon/reference\.conf:/usr/share/doc/agent/reference.conf:g' \
    -e 's:hocon/\(examples/\)\{0,1\}\([a-z0-9-]*\.conf\):/usr/share/doc/agent/examples/\2:g' \
    -e 's:Agent\.Backends/\(Gdnsd\|PowerDnsSql\|Tinydns\)/README\.md:/usr/share/doc/agent/servers/\1.md:g' \
    -e 's:\(\./\)\{0,1\}deploy/runbook:/usr/share/doc/agent/runbook:g' \
    -e 's:\(\./\)\{0,1\}deploy/\(anycast\|designate\|drivers\|etcd\|grafana\|kubernetes\|postgres\|systemd\):/usr/share/doc/agent/examples/\2:g' \
    "$1" >"$root$2"
  chmod 644 "$root$2"
}

# ---- the program, with the runtime in it: Debian 12 has no .NET 10 -----------------------------------------------------------------

echo "publishing agent $version" >&2
"$sources/deploy/publish.sh" "$root/usr/lib/agent"
mkdir -p "$root/usr/bin"
ln -s ../lib/agent/agent "$root/usr/bin/agent"

# ---- everything around it ------------------------------------------------------------------------------------------------------------

put 644 "$here/package/agent.conf" /etc/agent/agent.conf
put 644 "$sources/deploy/systemd/agent.service" /lib/systemd/system/agent.service
put 644 "$here/package/completion" /usr/share/bash-completion/completions/agent
put_compressed "$here/package/agent.8" /usr/share/man/man8/agent.8.gz
put_compressed "$here/package/changelog" /usr/share/doc/agent/changelog.gz
put 644 "$here/package/copyright" /usr/share/doc/agent/copyright
for page in guide drivers conformance node-link transfers; do
  put_text "$sources/docs/$page.md" "/usr/share/doc/agent/$page.md"
done
for driver in Gdnsd PowerDnsSql Tinydns; do
  put_text "$sources/Agent.Backends/$driver/README.md" "/usr/share/doc/agent/servers/$driver.md"
done
put_text "$sources/hocon/reference.conf" /usr/share/doc/agent/reference.conf
for file in "$sources"/hocon/cluster.conf "$sources"/hocon/examples/*.conf; do
  put 644 "$file" "/usr/share/doc/agent/examples/$(basename "$file")"
done
(cd "$sources/deploy" && find anycast designate drivers etcd grafana kubernetes postgres systemd -type f \
  ! -path 'designate/tests/*' ! -name '*.pyc' ! -name agent.service) >"$work/examples"
while read -r file; do
  put_text "$sources/deploy/$file" "/usr/share/doc/agent/examples/$file"
done <"$work/examples"
chmod 755 "$root/usr/share/doc/agent/examples/drivers/nsd.sh"
for file in "$sources"/deploy/runbook/*.md; do
  put_text "$file" "/usr/share/doc/agent/runbook/$(basename "$file")"
done
put 644 "$here/package/lintian-overrides" /usr/share/lintian/overrides/agent

# ---- the package -----------------------------------------------------------------------------------------------------------------------

for script in postinst prerm postrm; do put 755 "$here/package/$script" "/DEBIAN/$script"; done
printf '/etc/agent/agent.conf\n' >"$root/DEBIAN/conffiles"
size=$(du -sk --exclude=DEBIAN "$root" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$size/" "$here/package/control" >"$root/DEBIAN/control"
(cd "$root" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
chmod 644 "$root"/DEBIAN/conffiles "$root"/DEBIAN/control "$root"/DEBIAN/md5sums
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch --no-dereference --date "@$SOURCE_DATE_EPOCH" {} +
package=$output/agent_${version}_amd64.deb
mkdir -p "$output"
dpkg-deb --root-owner-group -Z"$compression" --build "$root" "$package" >&2
echo "$package"
