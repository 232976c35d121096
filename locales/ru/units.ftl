# Ages and durations. NBSP keeps number and unit together.
age-now = только что
age-ago = { $duration } назад
duration-seconds = { $n } с
duration-minutes = { $n } мин
duration-hours = { $n } ч
duration-days = { $n } д
