#!/usr/bin/env bash
# The steps of the action zone-check; its inputs come as ZONE_CHECK_*, the rest of the environment is GitHub's.
#
#   zone-check.sh key     say by which key the built binary is cached: a hash of what it is built from
#   zone-check.sh build   build it, unless it is there
#   zone-check.sh check   findings as annotations and in the job summary; what the base had already is left out
#   zone-check.sh test    the zones' own tests, likewise
#   zone-check.sh diff    what the change does to records and answers, in the job summary; a difference is no failure
#
# Exits with 1 where there are errors or tests that failed, with 2 where a step could not run.
set -euo pipefail

source_directory="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)"
binary="${ZONE_CHECK_BINARY:-}"
[ -n "$binary" ] || binary="$HOME/.cache/zonewright/zonewright"

# Ends the step with an annotation: `%` and line ends are what a message must not hold.
fail() {
  local message="$1"
  message="${message//'%'/%25}"
  message="${message//$'\r'/%0D}"
  printf '::error title=zone-check::%s\n' "${message//$'\n'/%0A}"
  exit 2
}

key() {
  local key
  key="$(cd "$source_directory" && find Cargo.toml Cargo.lock src -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum |
    sha256sum | cut -c 1-40)"
  echo "key=$key" >>"$GITHUB_OUTPUT"
}

build() {
  if [ ! -x "$binary" ]; then
    local target="${RUNNER_TEMP:-$source_directory}/zonewright-target"
    cargo build --release --locked --manifest-path "$source_directory/Cargo.toml" --target-dir "$target"
    install -D "$target/release/zonewright" "$binary"
  fi
  "$binary" --version || fail "$binary does not run"
  echo "ready=true" >>"$GITHUB_OUTPUT"
}

# The commit that a change started from; nothing where no base is given and there is no pull request.
base() {
  local name="${ZONE_CHECK_BASE:-}" commit
  if [ -z "$name" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then
    # The branch as it is now, not as it was when the pull request was opened: what was merged since is none of its doing.
    name="refs/remotes/origin/$GITHUB_BASE_REF"
  fi
  # A push that makes a branch names zeros as what was before.
  if [ -z "${name//0/}" ]; then return; fi
  commit="$(git rev-parse --verify --quiet --end-of-options "$name^{commit}")" || return 1
  git merge-base "$commit" HEAD
}

# Sets `change`: the options that name the base, if there is one.
find_base() {
  local commit
  commit="$(base)" ||
    fail "the base \`${ZONE_CHECK_BASE:-${GITHUB_BASE_REF:-}}\` is not in the checkout: give actions/checkout \`fetch-depth: 0\`"
  change="$commit"
}

# Runs zonewright; says where it could not, since its own words are in the log only.
run() {
  local code=0
  "$binary" "$@" || code=$?
  if [ "$code" -gt 1 ]; then fail "zonewright $1 could not run (exit code $code): the log says why"; fi
  return "$code"
}

options=()
[ -z "${ZONE_CHECK_CONFIG:-}" ] || options+=("--config=$ZONE_CHECK_CONFIG")

check() {
  find_base
  [ -z "$change" ] || options+=("--base=$change")
  case "${ZONE_CHECK_DENY_WARNINGS:-false}" in
    true) options+=(--deny=warnings) ;;
    false | '') ;;
    *) fail "deny-warnings is true or false, not \`$ZONE_CHECK_DENY_WARNINGS\`" ;;
  esac
  run check --format=github "${options[@]}"
}

test_zones() {
  run test --format=github "${options[@]}"
}

# The Markdown is cut at 65,536 characters with a count of the rest: a quarter of what a job summary may have in octets.
diff_zones() {
  find_base
  if [ -z "$change" ]; then
    echo "no base: nothing to compare with"
    return
  fi
  run diff --format=markdown "${options[@]}" "$change" >>"$GITHUB_STEP_SUMMARY"
}

case "${1:-}" in
  key | build | check) "$1" ;;
  test | diff) "$1_zones" ;;
  *) fail "expected key, build, check, test or diff, found \`${1:-}\`" ;;
esac
