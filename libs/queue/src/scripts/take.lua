#!lua flags=allow-oom
-- take: the client has these entries in its own memory: they leave Redis (P6). Taking twice is taking once.
-- KEYS  1 results  2 counts     ARGV  1 id of the first entry that stays  2 bytes taken since the job began
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HSET', KEYS[2], 'takenBytes', ARGV[2]) end
return 1
