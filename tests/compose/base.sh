#!/bin/sh
# tests/compose/base.sh NAME: a Debian with Python as an image, from Debian's packages alone. Needs root and mmdebstrap.
set -eu
name=${1:?which name the image gets}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mmdebstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"; ln -s python3 "$1/usr/bin/python"' \
    trixie "$place/base.tar"
# Authorities of this machine's network are trusted by what is built on it.
docker import --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt' \
    "$place/base.tar" "$name"
