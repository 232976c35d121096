# Дүкенді қосу: кіру қай сатыда
attempt-state-queued = Кезегін күтуде
attempt-state-running = Сатушы кабинетіне кіріп жатырмыз
attempt-state-wrong_credentials = Kaspi e-mail немесе құпиясөзді қабылдамады. Тексеріп, қайталап көріңіз.
attempt-state-needs_code = Kaspi растау кодын сұрайды. Кабинетке браузер арқылы кіріп, кіруді растаңыз да, қайталап көріңіз.
attempt-state-choose_merchant = Бұл тіркелгіде бірнеше дүкен бар. Керегін таңдаңыз.
attempt-state-blocked = Kaspi күтуді сұрайды. Кейінірек қайталап көріңіз.
attempt-state-page_changed = Kaspi кіру беті өзгерген, кіру мүмкін болмады. Панель әкімшісіне хабарлаңыз.
attempt-state-no_merchants = Бұл тіркелгіге қажетті дүкен байланбаған. Kaspi кабинетінде қызметкердің құқықтарын тексеріңіз.
attempt-state-browser_missing = Серверде Chromium браузері жоқ. Әкімшіге: chromium және chromium-driver бумаларын орнатыңыз.
attempt-state-unavailable = Kaspi жауап бермейді. Бірнеше минуттан кейін қайталап көріңіз.
attempt-state-failed = Кіру мүмкін болмады. Қайталап көріңіз.
attempt-state-done = Дүкен қосылды

# Қосу формасының өрістері
connect-email-invalid = Сатушы кабинетіне кіретін e-mail енгізіңіз.
connect-password-missing = Сатушы кабинетінің құпиясөзін енгізіңіз.
connect-merchant-not-offered = Дүкенді тізімнен таңдаңыз.

# Жұмыс неге аяқталмады
job-failure-session_expired = Kaspi сессиясы аяқталды. Дүкенге қайта кіріңіз.
job-failure-marketplace_blocked = Kaspi уақытша кіргізбейді. Бірнеше минуттан кейін қайталап көріңіз.
job-failure-rate_limited = Kaspi-ге сұраулар тым көп. Кейінірек қайталап көріңіз.
job-failure-paused = Бағдарлама Kaspi-ге сұрауларды кідіртіп тұр. Өзі жалғастырады.
job-failure-token_refused = Kaspi API токенін қабылдамады. Кабинеттен жаңа токен қойыңыз: Баптаулар → API токені.
job-failure-upload_unfinished = Kaspi алдыңғы файлды әлі өңдеп жатыр. Бірнеше минуттан кейін қайталап көріңіз.
job-failure-marketplace_rejected = Kaspi сұрауды қабылдамады. Кабинетте қызметкердің құқықтарын тексеріңіз.
job-failure-marketplace_unavailable = Kaspi жауап бермейді. Бірнеше минуттан кейін қайталап көріңіз.
job-failure-malformed_answer = Kaspi жауабын түсіну мүмкін болмады. Ештеңе өзгертілген жоқ; қайталап көріңіз.
job-failure-store_missing = Мұндай дүкен енді жоқ.
job-failure-forbidden = Бұл дүкенге құқық жоқ.
job-failure-cancelled = Тоқтатылды.
job-failure-worker_lost = Орындаушы бағдарлама әр жолы үзілді. Панель әкімшісіне хабарлаңыз.
job-failure-database = Дерекқор жауап бермеді. Қайталап көріңіз.
job-failure-wrong_credentials = Kaspi e-mail немесе құпиясөзді қабылдамады.
job-failure-needs_code = Kaspi растау кодын сұрайды.
job-failure-blocked = Kaspi күтуді сұрайды.
job-failure-page_changed = Kaspi кіру беті өзгерген.
job-failure-no_merchants = Тіркелгіге қажетті дүкен байланбаған.
job-failure-browser_missing = Серверде Chromium браузері жоқ.
job-failure-unavailable = Kaspi жауап бермейді.
job-failure-failed = Орындалмады. Қайталап көріңіз.
