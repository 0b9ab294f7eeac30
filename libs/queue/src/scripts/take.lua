#!lua flags=allow-oom
-- take: the client has these entries in its own memory: they leave Redis (P6), with their large payloads. Taking twice is
-- taking once.
-- KEYS  1 results  2 counts  3 values
-- ARGV  1 id of the first entry that stays  2 bytes taken since the job began  then fields of `values`
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
for i = 3, #ARGV do redis.call('HDEL', KEYS[3], ARGV[i]) end
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('HSET', KEYS[2], 'takenBytes', ARGV[2]) end
return 1
