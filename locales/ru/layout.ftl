# Frame of every page: header, navigation, footers.
skip-to-content = К содержанию
env-label = Среда
env-other-hosts = Учебный режим: вместо kaspi.kz указаны другие адреса, настоящие магазины не затронуты
brand-label = kaspi-panel, обзор
nav-label = Разделы
nav-dashboard = Обзор
nav-stores = Магазины
nav-products = Товары
nav-preorders = Предзаказы
nav-jobs = Задания
nav-log = Журнал
nav-manage = Управление
nav-settings = Настройки
nav-admin = Админ
stores-all = Все магазины
stores-connect = Подключить магазин
search-label = Поиск по панели
search-field = Поиск по панели: товар, магазин, раздел
search-placeholder = Товар, магазин, раздел…
robot-label = Автоцены:
robot-live = работают
robot-shadow = в тени
robot-unknown = узнаём…
robot-off = выключены
robot-stopped = остановлены
robot-partly-stopped = { $n ->
    [one] стоп в { $n } магазине
   *[other] стоп в { $n } магазинах
  }
robot-some-stopped = { $n ->
    [one] работают, { $n } остановка
    [few] работают, { $n } остановки
   *[other] работают, { $n } остановок
  }
robot-who-why = Кто и почему
robot-stop = Стоп
header-jobs = { $n ->
    [0] Задания: ничего не выполняется
    [one] Задания: { $n } выполняется
    [few] Задания: { $n } выполняются
   *[other] Задания: { $n } выполняются
  }
header-problems = Требует внимания: { $n }
language-label = Язык
language-short = RU
language-change = RU, язык: русский. Сменить
profile-label = Профиль: { $name }
theme-system = Тема системы
theme-light = Светлая тема
theme-dark = Тёмная тема
keys-off = Выключить горячие клавиши
keys-on = Включить горячие клавиши
sign-out = Выйти
time-zone-note = Время на всех страницах — Алматы (UTC+5)
to-dashboard = На обзор
save = Сохранить
cancel = Отменить
refresh = Обновить
breadcrumbs = Путь
table-label = Таблица
never = ещё не было
word-floor = пол
word-ceiling = потолок
script-offline = Сервер не отвечает. Страница могла устареть: обновите её, когда связь появится.
script-copied = Скопировано
products-count = { $n ->
    [one] { $n } товар
    [few] { $n } товара
   *[other] { $n } товаров
  }
stores-count = { $n ->
    [one] { $n } магазин
    [few] { $n } магазина
   *[other] { $n } магазинов
  }
state-never = не подключён
state-connected = работает
state-renewing = входим
state-needs_login = нужен вход
mode-off = выключены
mode-shadow = в тени
mode-live = работают
