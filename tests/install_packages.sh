#!/bin/sh
# Install the Debian packages that tests need, listed in the files given, where that is possible:
# as root, on Debian. Elsewhere the tests say what they miss.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    exit 0
fi
packages=$(cat "$@")
# shellcheck disable=SC2086  # words of a list
if ! dpkg --status $packages > /dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages > /dev/null
fi
