#!lua flags=allow-oom
-- split: one input of a list takes long, so those behind it go to others: the list keeps what was started, and the rest
-- becomes a list of its own at the head of the queue.
-- KEYS  1 record  2 wait  3 marker  4 job  5 its lock  6 new job
-- ARGV  1 lock token  2 data that stays (JSON)  3 new id  4 data that goes (JSON)  5 now (ms)
-- Reply 1 split (also when it was split already and the reply was lost), 0 the list is no longer ours
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[5]) ~= ARGV[1] then return 0 end
if redis.call('HGET', KEYS[4], 'data') == ARGV[2] then return 1 end
redis.call('HSET', KEYS[4], 'data', ARGV[2])
redis.call('HSET', KEYS[6], 'name', redis.call('HGET', KEYS[4], 'name'), 'data', ARGV[4], 'opts', '{}',
  'timestamp', ARGV[5], 'delay', 0, 'priority', 0)
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[3], 0, '0')
return 1
