# Подключение магазина: где стоит вход
attempt-state-queued = Ждёт своей очереди
attempt-state-running = Входим в кабинет продавца
attempt-state-wrong_credentials = Kaspi не принял эл. почту или пароль. Проверьте их и попробуйте ещё раз.
attempt-state-needs_code = Kaspi просит код подтверждения. Войдите в кабинет в браузере, подтвердите вход и попробуйте ещё раз.
attempt-state-choose_merchant = У этой учётной записи несколько магазинов. Выберите нужный.
attempt-state-blocked = Kaspi просит подождать. Попробуйте позже.
attempt-state-page_changed = Страница входа Kaspi изменилась, войти не удалось. Сообщите администратору панели.
attempt-state-no_merchants = К этой учётной записи не привязан нужный магазин. Проверьте права сотрудника в кабинете Kaspi.
attempt-state-browser_missing = На сервере нет браузера Chromium. Администратору: установите пакеты chromium и chromium-driver.
attempt-state-unavailable = Kaspi не отвечает. Попробуйте через несколько минут.
attempt-state-failed = Войти не удалось. Попробуйте ещё раз.
attempt-state-done = Магазин подключён

# Поля формы подключения
connect-email-invalid = Введите эл. почту, с которой вы входите в кабинет продавца.
connect-password-missing = Введите пароль от кабинета продавца.
connect-merchant-not-offered = Выберите магазин из списка.

# Почему работа не закончена
job-failure-session_expired = Сессия Kaspi закончилась. Войдите в магазин заново.
job-failure-marketplace_blocked = Kaspi временно не пускает. Попробуйте через несколько минут.
job-failure-rate_limited = Слишком много запросов к Kaspi. Попробуйте позже.
job-failure-paused = Программа делает паузу в запросах к Kaspi. Она продолжит сама.
job-failure-token_refused = Kaspi не принял токен API. Вставьте новый токен из кабинета: Настройки → Токен API.
job-failure-upload_unfinished = Kaspi ещё обрабатывает прошлый файл. Попробуйте через несколько минут.
job-failure-marketplace_rejected = Kaspi отклонил запрос. Проверьте права сотрудника в кабинете.
job-failure-marketplace_unavailable = Kaspi не отвечает. Попробуйте через несколько минут.
job-failure-malformed_answer = Kaspi прислал ответ, который не удалось понять. Ничего не изменено; попробуйте ещё раз.
job-failure-store_missing = Такого магазина больше нет.
job-failure-forbidden = Нет прав на этот магазин.
job-failure-cancelled = Отменено.
job-failure-worker_lost = Программа-исполнитель каждый раз прерывалась. Сообщите администратору панели.
job-failure-database = База данных не отвечала. Попробуйте ещё раз.
job-failure-wrong_credentials = Kaspi не принял эл. почту или пароль.
job-failure-needs_code = Kaspi просит код подтверждения.
job-failure-blocked = Kaspi просит подождать.
job-failure-page_changed = Страница входа Kaspi изменилась.
job-failure-no_merchants = К учётной записи не привязан нужный магазин.
job-failure-browser_missing = На сервере нет браузера Chromium.
job-failure-unavailable = Kaspi не отвечает.
job-failure-failed = Не удалось. Попробуйте ещё раз.
