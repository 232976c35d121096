# Reports in Excel.
reports-title = Отчёты
reports-lead = Файлы Excel, которые видите только вы. Каждый хранится { $days ->
    [one] { $days } день
    [few] { $days } дня
   *[other] { $days } дней
}.
reports-new = Новый отчёт
reports-what = О чём
reports-period-hint = Период нужен только для изменений цен. Оба дня входят.
reports-make = Сделать отчёт
reports-mine = Мои отчёты
reports-none = Отчётов пока нет
reports-none-text = Выберите выше, о чём отчёт. Или нажмите «В Excel» над любым списком: отчёт возьмёт его фильтры.
report-kind-products = Товары
report-kind-products-text = Цены, пол и потолок, затраты, остатки
report-kind-price_changes = Изменения цен
report-kind-price_changes-text = Каждое изменение: когда, на сколько, кто и почему
report-kind-preorders = Предзаказы
report-kind-preorders-text = Состояние, количество по точкам, дни
report-kind-competitors = Конкуренты
report-kind-competitors-text = Все предложения на карточках ваших товаров
report-state-queued = ждёт
report-state-running = готовится
report-state-ready = готов
report-state-failed = ошибка
report-state-cancelled = отменён
report-from = С какого дня
report-to = По какой день
report-begins = Считаем строки
report-ready = { $n ->
    [one] { $n } строка
    [few] { $n } строки
   *[other] { $n } строк
  }, { $size }, хранится до { $until }.
report-rows = { $n ->
    [one] { $n } строка
    [few] { $n } строки
   *[other] { $n } строк
  }
report-asked = Отчёт готовится. Страницу можно закрыть: он появится здесь.
report-asked-at = Запрошен
report-cancel = Отменить
report-cancelled = Отчёт отменён.
report-again = Сделать ещё раз
report-delete = Удалить
report-deleted = Отчёт удалён.
report-download = Скачать
report-too-many-open = Уже готовится { $n ->
    [one] { $n } отчёт
    [few] { $n } отчёта
   *[other] { $n } отчётов
  }. Дождитесь одного из них или отмените его.
report-too-many-kept = Уже хранится { $n ->
    [one] { $n } отчёт
    [few] { $n } отчёта
   *[other] { $n } отчётов
  }. Удалите ненужные.
report-too-late = Отчёт уже закончен: отменять нечего.
report-one-product = один товар
size-kb = { $n } КБ
size-mb = { $n } МБ
to-excel = В Excel
log-to-excel = Изменения цен в Excel
report-about = Параметры
report-about-kind = Отчёт
report-about-search = Поиск
report-about-view = Вид
report-about-rows = Строк
report-about-made = Сделан
report-about-by = Для кого
report-about-zone = Время
report-column-name = Название
report-column-brand = Бренд
report-column-card = Карточка
report-column-price = Цена
report-column-our-price = Наша цена
report-column-floor = Пол
report-column-ceiling = Потолок
report-column-cost = Затраты на штуку
report-column-stock = Остаток
report-column-on-sale = В продаже
report-column-preorder-days = Дней предзаказа
report-column-auto = Автоцены
report-column-read = Цена прочитана
report-column-changed = Цена изменилась
report-column-archived = В архиве с
report-column-status = Состояние
report-column-pieces = Штук
report-column-points = По точкам
report-column-created = Создан
report-column-updated = Изменён
report-column-when = Когда
report-column-city = Город
report-column-before = Было
report-column-after = Стало
report-column-change = Разница
report-column-change-percent = Разница, %
report-column-who = Кто
report-column-best-rival = Лучшая цена соперника
report-column-place = Место
report-column-own = Наше
report-column-rating = Рейтинг
report-column-reviews = Отзывов
report-column-since = Такое с
report-column-seen = Видели
report-who-elsewhere = Не панель
report-reason-other = другая причина
report-reason-first = прочитана впервые
report-reason-gone = больше не продаётся в этом городе
report-reason-elsewhere = изменена в кабинете или другой программой
report-origin-robot = решение робота
report-origin-person = решил человек
report-origin-put_back = возвращена прежняя цена
report-origin-restore = возвращены точки выдачи
job-kind-make_report = Отчёт Excel
job-failure-report_unwritable = Файл не удалось записать: на сервере нет места для временного файла.
object-report = отчёт
action-cancel = отменил
