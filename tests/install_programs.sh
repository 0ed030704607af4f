#!/bin/sh
# Debian programs that some tests drive. Without root or apt-get, or if an installation fails,
# nothing is lost: those tests skip and say which program they miss.
set -u

missing=""
need() { # need PROGRAM PACKAGE...
    command -v "$1" >/dev/null 2>&1 && return
    shift
    missing="$missing $*"
}
need chromium chromium
need soffice libreoffice-calc libreoffice-writer
need pdftotext poppler-utils
/usr/bin/python3 -c 'import qgis.core' >/dev/null 2>&1 || missing="$missing qgis python3-qgis"

[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "programs: not root on Debian, so the tests that need these are skipped:$missing" >&2
    exit 0
fi
echo "programs: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# One at a time, so that one that cannot be had does not take the others along.
for package in $missing; do
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
        echo "programs: $package could not be installed; its tests are skipped" >&2
done
exit 0
