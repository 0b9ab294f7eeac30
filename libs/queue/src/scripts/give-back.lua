#!lua flags=allow-oom
-- give-back: puts a list that this runner has pulled back to the head of the queue.
-- KEYS  1 record  2 active  3 wait  4 marker  5 stalled  6 running  7 losses  8 job  9 its lock
-- ARGV  1 BullMQ id  2 lock token  3 runner id  4 index that was running when its slot was lost (counts as a loss), or ''
--       5 '1' when none of the list was started: then it is as if it had never been handed out
--       6 '1' when the index ran out of memory: that is counted for itself, and no loss
-- Reply 1 given back, 0 it is no longer ours
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[9]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[9])
redis.call('SREM', KEYS[5], ARGV[1])
if ARGV[4] ~= '' then
  local running = redis.call('HGET', KEYS[6], ARGV[4]) or ''
  if string.sub(running, 1, #ARGV[3] + 1) == ARGV[3] .. ':' then redis.call('HDEL', KEYS[6], ARGV[4]) end
  redis.call('HINCRBY', KEYS[7], (ARGV[6] == '1' and 'm' or '') .. ARGV[4], 1)
end
if ARGV[5] == '1' then redis.call('HINCRBY', KEYS[8], 'ats', -1) end
redis.call('LREM', KEYS[2], 1, ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], 0, '0')
return 1
