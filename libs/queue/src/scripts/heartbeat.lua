#!lua flags=allow-oom
-- heartbeat: the client of a job says that it is there (P10). One that came back in time was never gone.
-- KEYS  1 record  2 client
-- Reply 1 heard, 0 there is no such job, or nobody waits for its client any more
local record = redis.call('HMGET', KEYS[1], 'state', 'clientGraceMs', 'clientDone')
if not record[1] or record[3] then return 0 end
local over = record[1] ~= 'waiting' and record[1] ~= 'running'
if over and redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[2], 1, 'PX', record[2])
redis.call('HDEL', KEYS[1], 'clientGoneAt')
return 1
