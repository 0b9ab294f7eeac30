#!lua flags=allow-oom
-- even-when-full: one small command on one key that must also work when Redis is at `maxmemory` (heartbeats).
-- KEYS  1 key     ARGV  1 command, then its arguments after the key
return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))
