#!/bin/sh
# Runs Redis as a cluster needs it: append-only, never evicting, its users kept in a file. Before that it makes the
# cluster's secrets, where there are none yet, in a volume that the api and the agents read: the password of Redis's
# default user, and the token of the api (BURLA_TOKEN, where somebody has chosen one).
set -eu
umask 077
secrets=/run/burla

random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
put() {
  printf %s "$2" > "$secrets/.$1"
  chown 1000:1000 "$secrets/.$1"
  mv "$secrets/.$1" "$secrets/$1"
}
[ -s $secrets/redis-password ] || put redis-password "$(random)"
[ -n "${BURLA_TOKEN:-}" ] && put token "$BURLA_TOKEN"
[ -s $secrets/token ] || put token "$(random)"

# The users of jobs stay as they are; the default user has the password of the secret.
users=/data/users.acl
{
  printf 'user default on #%s ~* &* +@all\n' "$(sha256sum < $secrets/redis-password | cut -d ' ' -f 1)"
  if [ -f $users ]; then grep -v '^user default ' $users || true; fi
} > $users.new
mv $users.new $users
unset BURLA_TOKEN

# The entrypoint of the base gives up root.
exec docker-entrypoint.sh redis-server --dir /data --aclfile $users --protected-mode no \
  --appendonly yes --appendfsync everysec --save '' --maxmemory-policy noeviction --maxmemory "${BURLA_REDIS_MAXMEMORY:-0}"
