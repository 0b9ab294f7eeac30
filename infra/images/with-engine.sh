#!/bin/sh
# Runs a command as nobody in particular, who may use the engine's socket: it belongs to a group whose number is another
# one on each machine.
set -eu
socket=/var/run/docker.sock
if [ ! -S $socket ]; then
  echo "mount the engine's socket at $socket: a node starts its runners with it" >&2
  exit 1
fi
exec setpriv --reuid=1000 --regid=1000 --groups="1000,$(stat -c %g $socket)" --bounding-set=-all --no-new-privs "$@"
