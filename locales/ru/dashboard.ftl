# Dashboard.
dashboard-data-at = данные на
almaty-time = время Алматы
today = Сегодня
weekday-1 = Понедельник
weekday-2 = Вторник
weekday-3 = Среда
weekday-4 = Четверг
weekday-5 = Пятница
weekday-6 = Суббота
weekday-7 = Воскресенье
issues-title = Требует внимания
issues-none = Всё спокойно: ничего не ждёт вашего решения.
issue-stopped = { $name }: цены остановлены.
issue-needs-login = { $name }: сессия закончилась, цены не отправляются.
issue-needs-login-text = { $n ->
    [one] Ждёт { $n } товар.
    [few] Ждут { $n } товара.
   *[other] Ждут { $n } товаров.
  }
issue-held-word = удержано
issue-held = { $n ->
    [one] { $n } изменение цены удержано защитой.
    [few] { $n } изменения цен удержаны защитой.
   *[other] { $n } изменений цен удержаны защитой.
  }
issue-held-text = Похоже на ошибку рынка или настроек — решает человек.
issue-look = Проверить
issue-floor-word = без пола
issue-floor = { $n ->
    [one] { $n } товар с автоценой без пола — робот его не трогает.
    [few] { $n } товара с автоценой без пола — робот их не трогает.
   *[other] { $n } товаров с автоценой без пола — робот их не трогает.
  }
issue-floor-text = Задайте пол, и робот начнёт работать.
issue-floor-act = Задать полы
figure-sent = Отправлено цен
figure-sent-text = на витрине { $confirmed }, ждём { $open }, отказ { $refused }
figure-first = На первом месте
figure-first-text = { $first } из { $all } решений
figure-floor = У пола
figure-stock = Нет остатка
figure-stock-text = робот их не трогает
figure-products = Товаров
decisions-title = Последние решения робота
decisions-all = Весь журнал
decisions-none = Решений ещё нет. Включите автоцены магазина хотя бы в тени, и здесь появится каждое с причиной.
column-time = Время
column-product = Товар
column-price = Цена
column-change = Изменение
column-why = Почему
no-change = без изменений
reason-none = Причина записана в карточке товара
decision-why-rival = { $why }, соперник { $rival }
decision-waits = не сейчас
decision-shadow = в тени
decision-confirmed = на витрине
decision-open = ждём витрину
decision-held = удержано
decision-superseded = заменена новой
decision-refused = отказ
decision-at-floor = у пола
decision-right = верна
decision-untouched = не трогаем
