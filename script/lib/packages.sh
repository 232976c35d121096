# What the program needs from the system, and how it gets there. Sourced by script/server and
# script/test; installs Debian packages, nothing else, and only those that are missing.

say() { printf '%s\n' "$@"; }
fail() { say "$@" >&2; exit 1; }

# Everything that is not there, as the names of Debian packages.
missing_packages() {
  printf '#include <stdlib.h>\n' | cc -E - >/dev/null 2>&1 || say build-essential
  command -v pkg-config >/dev/null || say pkg-config
  pkg-config --exists libpq 2>/dev/null || say libpq-dev
  any_file "${PG_BIN:+$PG_BIN/initdb}" /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
    /usr/local/pgsql/bin/initdb /usr/local/bin/initdb /usr/bin/initdb || say postgresql
  any_file "${CHROME:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome \
    /usr/local/bin/chromium /snap/bin/chromium || say chromium
  any_file "${CHROMEDRIVER:-}" /usr/bin/chromedriver /usr/lib/chromium-browser/chromedriver \
    /usr/local/bin/chromedriver /snap/bin/chromium.chromedriver || say chromium-driver
  [ "${NEEDS_PGBOUNCER:-}" != 1 ] ||
    any_file "" /usr/sbin/pgbouncer /usr/bin/pgbouncer /usr/local/bin/pgbouncer || say pgbouncer
  [ "${NEEDS_XMLLINT:-}" != 1 ] || any_file "" /usr/bin/xmllint /usr/local/bin/xmllint || say libxml2-utils
}

# True when one of the files exists. A first one that is named by a variable must be it.
any_file() {
  local file
  [ -z "$1" ] || { [ -f "$1" ]; return; }
  for file in "${@:2}"; do [ -f "$file" ] && return; done
  return 1
}

is_debian() { grep -qs '^ID=debian$' /etc/os-release; }
is_root() { [ "$(id -u)" = 0 ]; }

require_packages() {
  local missing as_root=()
  missing=$(missing_packages | paste -sd ' ')
  [ -n "$missing" ] || return 0
  is_debian || fail "Missing here: $missing (names of Debian packages). Install what your system calls them, then run this again."
  if ! is_root; then
    command -v sudo >/dev/null || fail "Missing here: $missing. As root, run: apt-get install $missing"
    as_root=(sudo)
  fi
  say "Installing missing packages with ${as_root[*]+${as_root[*]} }apt-get: $missing"
  apt_get "${as_root[@]}" -- update
  # One word per package is meant.
  # shellcheck disable=SC2086
  apt_get "${as_root[@]}" -- install --yes --no-install-recommends $missing
  missing=$(missing_packages | paste -sd ' ')
  [ -z "$missing" ] || fail "Still missing after the installation: $missing. Do PG_BIN, CHROME or CHROMEDRIVER name files that are not there?"
}

# apt_get [sudo] -- ARGUMENTS: quiet, and waiting for an apt that already runs.
apt_get() {
  local as_root=()
  while [ "$1" != -- ]; do as_root+=("$1"); shift; done
  shift
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" >/dev/null ||
    fail "apt-get $1 failed: see the lines above."
}

# The toolchain is the user's own choice; it is only looked for.
require_cargo() {
  command -v cargo >/dev/null || PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  command -v cargo >/dev/null || fail "Rust is missing: install it as https://rustup.rs says, then run this again."
}
