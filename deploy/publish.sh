#!/bin/sh
# deploy/publish.sh FOLDER: the program with the .NET runtime in it, for Linux on x64. The package and the container image are made of this.
# What the build leaves behind lies in a folder of its own and goes with it; sources and their bin and obj stay as they are.
set -eu

[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
sources=$(cd "$(dirname "$0")/.." && pwd)
artifacts=$(mktemp -d "${TMPDIR:-/tmp}/agent-artifacts.XXXXXX")
trap 'rm -rf "$artifacts"' EXIT
trap 'exit 1' HUP INT TERM
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

folder=$1
publish() {
  dotnet publish "$sources/Agent.Host" -c Release -r linux-x64 --self-contained --artifacts-path "$artifacts" -o "$folder" \
    -p:RestoreLockedMode=true -p:DebugType=none -p:GenerateDocumentationFile=false -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false \
    -p:UseSharedCompilation=false -v q -nologo -clp:NoSummary "$@" >&2
}

# Compiled ahead (ReadyToRun) the program is ready in three quarters of the time. The compiler for that is a package of its own; without it
# the program does the same.
publish -p:PublishReadyToRun=true || {
  echo "$0: could not compile ahead (see above); publishing without it" >&2
  publish
}
rm -f "$1"/*.xml "$1"/*.pdb "$1"/web.config "$1"/*.endpoints.json
find "$1" -type f -exec chmod 644 {} +
chmod 755 "$1/agent"
[ ! -e "$1/createdump" ] || chmod 755 "$1/createdump"
