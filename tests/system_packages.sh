#!/bin/sh
# What the tests need from the system: Chromium for the browser tests, PostgreSQL for those that run on both databases,
# what renders songs in stems, and ffmpeg for the videos of clips.
# Installed where we are root on Debian, otherwise named with the command to type.
set -eu
missing=""
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then chromium=$name; fi
done
[ -n "${chromium:-}" ] || missing="$missing chromium"
if ! command -v postgres >/dev/null 2>&1 && ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then
    missing="$missing postgresql"
fi
for library in libfluidsynth:libfluidsynth3 libopenmpt:libopenmpt0; do
    if ! ldconfig -p 2>/dev/null | grep -q "${library%%:*}.so"; then missing="$missing ${library##*:}"; fi
done
command -v ffmpeg >/dev/null 2>&1 || missing="$missing ffmpeg"
[ -f /usr/share/sounds/sf2/TimGM6mb.sf2 ] || missing="$missing timgm6mb-soundfont"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing ..."
    # shellcheck disable=SC2086  (a list of packages)
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing; } \
        >/dev/null
else
    echo "The tests need$missing. Install with: sudo apt-get install$missing" >&2
    exit 2
fi
