#!lua flags=allow-oom
-- release: the node gives the job back. The last release of a job that is being ended ends it.
-- KEYS  1 record  2 claims  3 claim of this node     ARGV  1 node id  2 milliseconds that the node served  3 now (ms)
-- Reply the job's state, or 'gone'
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[3])
local record = redis.call('HMGET', KEYS[1], 'state', 'outcome')
if not record[1] then return 'gone' end
redis.call('HINCRBY', KEYS[1], 'nodeMs', ARGV[2])
if record[1] == 'cancelling' and redis.call('HLEN', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[1], 'state', record[2], 'finishedAt', ARGV[3])
  return record[2]
end
return record[1]
