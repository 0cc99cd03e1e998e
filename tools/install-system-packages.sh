#!/usr/bin/env bash
# Installs the real programs that `npm run test:system` needs: mail servers, mail clients, Prometheus, ClamAV.
# Idempotent: when everything is there it changes nothing and needs no network. Starts no service.
set -euo pipefail

readonly PACKAGES=(
  dovecot-imapd dovecot-pop3d
  isync fetchmail getmail6 mpop mutt neomutt offlineimap3 curl
  cyrus-common courier-base
  sasl2-bin # saslpasswd2 for the users of Cyrus
  msmtp-mta # satisfies the mail-transport-agent that cyrus-common asks for, without a daemon
  prometheus clamav-daemon clamdscan
  clamav-testfiles mpack p7zip-full unzip lzip lz4 zstd cabextract lhasa arj gnupg qpdf # decoders that confirm the corpus
  unzip p7zip-full # open what the quarantine exports
  haproxy nginx libnginx-mod-mail perdition yara # what bench/ compares with
  buildah debootstrap yamllint systemd # the image, the manifests, the unit
  redis-server # verdicts that gateways share
  nftables iproute2 procps # networks of their own for transparent mode
  chromium # the console as a person uses it
  thunderbird xvfb libnss3-tools # a mail client with a window, and its store of authorities
  python3 openssl util-linux bsdutils ca-certificates
)

# Debian lets only one of its IMAP servers be installed at a time. Dovecot is; the programs of the other two
# are unpacked beside it, and their shared parts (libraries, users, authdaemon) come as packages above.
readonly UNPACKED=(cyrus-imapd cyrus-pop3d courier-imap courier-pop)
readonly UNPACK_ROOT=/opt/postern-test-servers

readonly PROGRAMS=(
  chromium dovecot doveadm mbsync fetchmail getmail mpop mutt neomutt offlineimap curl
  cyrmaster saslpasswd2 couriertcpd couriertls
  prometheus promtool clamd clamdscan haproxy nginx perdition yara buildah debootstrap yamllint systemd-analyze nft ip sysctl python3 openssl script setpriv
  redis-server redis-cli
  thunderbird Xvfb certutil
  munpack 7z unzip lzip lz4 zstd cabextract lha arj gpg qpdf
  "$UNPACK_ROOT/cyrus-imapd/usr/lib/cyrus/bin/imapd"
  "$UNPACK_ROOT/cyrus-pop3d/usr/lib/cyrus/bin/pop3d"
  "$UNPACK_ROOT/courier-imap/usr/bin/imapd"
  "$UNPACK_ROOT/courier-pop/usr/lib/courier/courier/courierpop3d"
)

readonly LISTS_MAX_AGE_MINUTES=1440
readonly POLICY=/usr/sbin/policy-rc.d

PATH=$PATH:/usr/sbin:/sbin
export DEBIAN_FRONTEND=noninteractive
readonly APT=(apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0)

fail() {
  printf 'install-system-packages: %s\n' "$1" >&2
  printf '  remedy: %s\n' "$2" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

missing_unpacked() {
  local package
  for package in "${UNPACKED[@]}"; do
    [ -e "$UNPACK_ROOT/$package/.complete" ] || echo "$package"
  done
}

lists_are_usable() {
  [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin "-$LISTS_MAX_AGE_MINUTES" -print -quit 2>/dev/null)" ] &&
    apt-cache show "${PACKAGES[@]}" "${UNPACKED[@]}" >/dev/null 2>&1
}

update_lists() {
  # One broken third-party source must not stop us: the installation itself tells what is missing.
  "${APT[@]}" update >/dev/null || echo 'install-system-packages: apt-get update reported errors, going on' >&2
}

# Packages start their services when they are installed; a policy that answers 101 forbids it.
forbid_services() {
  if [ -x "$POLICY" ] && { "$POLICY" dovecot start >/dev/null 2>&1; [ $? -eq 101 ]; }; then
    return
  fi
  [ ! -e "$POLICY" ] || mv "$POLICY" "$POLICY.postern-saved"
  trap restore_services EXIT
  printf '#!/bin/sh\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
}

restore_services() {
  rm -f "$POLICY"
  [ ! -e "$POLICY.postern-saved" ] || mv "$POLICY.postern-saved" "$POLICY"
}

install_packages() {
  "${APT[@]}" install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@" </dev/null >"$LOG" 2>&1
}

unpack() {
  local package=$1 folder archive
  folder=$(mktemp -d)
  # apt drops its privileges for a download and must be able to write there.
  chmod 777 "$folder"
  (cd "$folder" && "${APT[@]}" download "$package" >>"$LOG" 2>&1) || return 1
  archive=$(find "$folder" -name '*.deb' -print -quit)
  rm -rf "${UNPACK_ROOT:?}/$package"
  mkdir -p "$UNPACK_ROOT/$package"
  dpkg-deb -x "$archive" "$UNPACK_ROOT/$package" || return 1
  touch "$UNPACK_ROOT/$package/.complete"
  rm -rf "$folder"
}

install_all() {
  local package missing
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" -gt 0 ]; then
    echo "install-system-packages: installing ${missing[*]}"
    install_packages "${missing[@]}" || return 1
  fi
  for package in $(missing_unpacked); do
    echo "install-system-packages: unpacking $package into $UNPACK_ROOT"
    unpack "$package" || return 1
  done
}

check_programs() {
  local program absent=()
  for program in "${PROGRAMS[@]}"; do
    command -v "$program" >/dev/null 2>&1 || absent+=("$program")
  done
  [ "${#absent[@]}" -eq 0 ] ||
    fail "still missing: ${absent[*]}" "apt-get install --reinstall ${PACKAGES[*]}; then remove $UNPACK_ROOT and run this again"
}

if [ -n "$(missing_packages)$(missing_unpacked)" ]; then
  command -v apt-get >/dev/null 2>&1 ||
    fail 'apt-get not found: the system tests run on Debian or Ubuntu' 'run them in a Debian 12 container'
  [ "$(id -u)" -eq 0 ] || fail 'installing packages needs root' "sudo bash $0"
  LOG=$(mktemp)
  readonly LOG
  forbid_services
  lists_are_usable || update_lists
  install_all || { update_lists; install_all; } || {
    tail -n 30 "$LOG" >&2
    fail "the installation failed (whole log: $LOG)" 'check network and apt sources, then run this again'
  }
  rm -f "$LOG"
fi
check_programs
echo 'install-system-packages: all programs are there'
