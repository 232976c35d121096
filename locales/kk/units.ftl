# Ages and durations. NBSP keeps number and unit together.
age-now = жаңа ғана
age-ago = { $duration } бұрын
duration-seconds = { $n } с
duration-minutes = { $n } мин
duration-hours = { $n } сағ
duration-days = { $n } күн
