# Ages and durations. NBSP keeps number and unit together.
age-now = just now
age-ago = { $duration } ago
duration-seconds = { $n } s
duration-minutes = { $n } min
duration-hours = { $n } h
duration-days = { $n } d
