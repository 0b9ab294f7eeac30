#!lua flags=allow-oom
-- release: the node gives the job back. The last release of a job that is being ended ends it. Releasing twice is
-- releasing once. Places that are still under the claim end with it.
-- KEYS  1 record  2 claims  3 claim of this node  4 places
-- ARGV  1 node id  2 milliseconds that the node served  3 now (ms)  4 channel of freed places
-- Reply the job's state, or 'gone'
local released = redis.call('HDEL', KEYS[2], ARGV[1]) == 1
redis.call('DEL', KEYS[3])
local places = redis.call('HGETALL', KEYS[4])
for i = 1, #places, 2 do
  if places[i + 1] == ARGV[1] then
    redis.call('HDEL', KEYS[4], places[i])
    redis.call('PUBLISH', ARGV[4], '')
  end
end
local record = redis.call('HMGET', KEYS[1], 'state', 'outcome')
if not record[1] then return 'gone' end
if released then redis.call('HINCRBY', KEYS[1], 'nodeMs', ARGV[2]) end
if record[1] == 'cancelling' and redis.call('HLEN', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[1], 'state', record[2], 'finishedAt', ARGV[3])
  return record[2]
end
return record[1]
