-- The wrk side of the load generator: see wrk.py, which starts it.
--
-- Arguments after the URL: bodies file, method, idempotency header ("" for none), run prefix, request limit.
-- A line of the bodies file is BODY, PATH<TAB>BODY or PATH<TAB>HEADER<TAB>BODY; @KEY@ becomes the key of that request.
-- Every request is cut into pieces once, at the start; sending one is a single table.concat.

local MARK = "@KEY@"
local threads = {}

function setup(thread)
  thread:set("thread_id", #threads)
  threads[#threads + 1] = thread
end

local function split(text, separator)
  local parts, from = {}, 1
  while true do
    local first, last = text:find(separator, from, true)
    if not first then
      parts[#parts + 1] = text:sub(from)
      return parts
    end
    parts[#parts + 1] = text:sub(from, first - 1)
    from = last + 1
  end
end

function init(args)
  local bodies, method, header, prefix = args[1], args[2], args[3], args[4]
  limit = tonumber(args[5])
  key_format = string.format("%s-%02d-%%010d", prefix, thread_id)
  local key_length = #string.format(key_format, 0)

  local head = {}
  for name, value in pairs(wrk.headers) do
    head[#head + 1] = name .. ": " .. value
  end
  if header ~= "" then
    head[#head + 1] = header .. ": " .. MARK
  end
  local headers = table.concat(head, "\r\n")

  requests = {}
  for line in io.lines(bodies) do
    if line ~= "" then
      local path, extra, body = wrk.path, "", line
      local parts = split(line, "\t")
      if #parts > 1 then
        path, body = parts[1], parts[#parts]
      end
      if #parts > 2 then
        extra = parts[2] .. "\r\n"
      end
      local marks = #split(body, MARK) - 1
      local length = #body + marks * (key_length - #MARK)
      local text = string.format(
        "%s %s HTTP/1.1\r\n%s%s\r\nContent-Length: %d\r\n\r\n%s", method, path, extra, headers, length, body)
      requests[#requests + 1] = split(text, MARK)
    end
  end
  if #requests == 0 then
    error("no requests in " .. bodies)
  end

  sent = 0
  statuses = {}
  -- Threads start at different lines, so that they do not send the same ones at the same time, and so do rounds.
  offset = thread_id * 7919 + (tonumber(prefix, 16) or 0) % #requests
  ready_at = os.clock()
end

function request()
  sent = sent + 1
  if sent > limit then
    wrk.thread:stop()
  end
  return table.concat(requests[(offset + sent) % #requests + 1], string.format(key_format, sent))
end

function response(status)
  statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency, _)
  -- CPU time of sending alone: reading the bodies came before, and reading the histogram below is slow.
  local cpu = os.clock() - threads[#threads]:get("ready_at")
  local by_status, total_sent, capped = {}, 0, false
  for _, thread in ipairs(threads) do
    local thread_sent = thread:get("sent")
    total_sent = total_sent + thread_sent
    capped = capped or thread_sent > thread:get("limit")
    for status, count in pairs(thread:get("statuses")) do
      by_status[status] = (by_status[status] or 0) + count
    end
  end
  local statuses_json = {}
  for status, count in pairs(by_status) do
    statuses_json[#statuses_json + 1] = string.format('"%d": %d', status, count)
  end
  -- The whole histogram, as [microseconds, count]: wrk.py takes wrk's "correction" out of it.
  local histogram = {}
  for i = 1, #latency do
    local value, count = latency(i)
    histogram[i] = string.format("[%d, %d]", value, count)
  end
  local errors = summary.errors
  print(string.format(
    'LOAD {"duration_us": %d, "cpu_us": %d, "requests": %d, "sent": %d, "capped": %s, "statuses": {%s}, '
      .. '"connect": %d, "read": %d, "write": %d, "timeout": %d, "histogram": [%s]}',
    summary.duration, cpu * 1e6, summary.requests, total_sent, tostring(capped), table.concat(statuses_json, ", "),
    errors.connect, errors.read, errors.write, errors.timeout, table.concat(histogram, ", ")))
end
