# Administration area: models, fields, words, forms, deletion, history.
admin-title = Админ
admin-lead = Все записи панели. Каждое изменение попадает в журнал.
admin-stores = Магазины
admin-stores-one = Магазин
admin-stores-search = Название, merchant ID, владелец
admin-products = Товары
admin-products-one = Товар
admin-products-search = Название, артикул, код
admin-preorders = Предзаказы
admin-preorders-one = Предзаказ
admin-preorders-search = Название, артикул, бренд
admin-users = Пользователи
admin-users-one = Пользователь
admin-users-search = Почта, имя, внешний код
admin-price-pushes = Отправки цен
admin-price-pushes-one = Отправка цены
admin-price-decisions = Решения о ценах
admin-price-decisions-one = Решение о цене
admin-job-runs = Фоновые задания
admin-job-runs-one = Задание
admin-audit-log = Журнал изменений
admin-audit-log-one = Запись журнала
admin-audit-log-search = Объект, кто
admin-field-name = Название
admin-field-person = Имя
admin-field-merchant_id = Merchant ID
admin-field-owner = Владелец
admin-field-session_state = Кабинет
admin-field-repricing_mode = Автоцены
admin-field-active = Включён
admin-field-products_count = Товаров
admin-field-last_sync_at = Сверка
admin-field-created_at = Создан
admin-field-updated_at = Изменён
admin-field-main_city_id = Город чтения
admin-field-logged_in_at = Последний вход
admin-field-sku = Артикул
admin-field-store = Магазин
admin-field-price = Цена
admin-field-floor_tenge = Пол
admin-field-ceiling_tenge = Потолок
admin-field-repricing_enabled = Автоцена
admin-field-last_check_at = Проверен
admin-field-next_check_at = Следующая проверка
admin-field-on_sale = В продаже
admin-field-archived = В архиве
admin-field-archived_at = В архиве с
admin-field-kaspi_product_id = Код предложения
admin-field-card_id = Карточка
admin-field-brand = Бренд
admin-field-category = Категория
admin-field-strategy = Стратегия
admin-field-stock = Остаток
admin-field-article = Артикул
admin-field-status = Состояние
admin-field-price_tenge = Цена
admin-field-delivery_days = Дней до поступления
admin-field-product_id = Товар
admin-field-warehouses = Остатки по точкам
admin-field-email = Почта
admin-field-role = Роль
admin-field-last_seen_at = Был в панели
admin-field-external_id = Внешний код
admin-field-product = Товар
admin-field-state = Состояние
admin-field-origin = Кто хотел
admin-field-reason = Причина
admin-field-planned_at = Запланирована
admin-field-sequence = Номер
admin-field-detail = Подробности
admin-field-attempts = Попыток
admin-field-operation_id = Операция Kaspi
admin-field-sent_at = Отправлена
admin-field-finished_at = Завершено
admin-field-outcome = Итог
admin-field-current_tenge = Была цена
admin-field-new_price = Новая цена
admin-field-decided_at = Решено
admin-field-shadow = В тени
admin-field-city_id = Город
admin-field-best_rival_tenge = Лучший соперник
admin-field-competitors = Соперников
admin-field-reasons = Причины
admin-field-kind = Вид
admin-field-failure = Сбой
admin-field-summary = Итоги
admin-field-started_at = Начато
admin-field-at = Когда
admin-field-actor_name = Кто
admin-field-actor_kind = Откуда
admin-field-action = Действие
admin-field-object_kind = Вид объекта
admin-field-object_name = Объект
admin-field-before = До
admin-field-after = После
admin-field-request_id = Запрос
admin-field-build_id = Сборка
admin-section-main = Основное
admin-section-robot = Цены
admin-section-cabinet = Кабинет Kaspi
admin-section-limits = Границы цены
admin-section-state = Состояние
admin-section-terms = Условия
admin-action-robot-shadow = Автоцены в тень
admin-action-robot-off = Выключить автоцены
admin-action-repricing-on = Включить автоцену
admin-action-repricing-off = Выключить автоцену
admin-action-complete = Отметить выполненными
admin-action-cancel = Отменить предзаказы
admin-action-delete = Удалить — покажем последствия
admin-word-never = не подключён
admin-word-connected = работает
admin-word-renewing = входим
admin-word-needs-login = нужен вход
admin-word-off = выключены
admin-word-shadow = в тени
admin-word-live = работают
admin-word-processing = готовится
admin-word-completed = выполнен
admin-word-cancelled = отменён
admin-word-admin = администратор
admin-word-manager = менеджер
admin-word-viewer = наблюдатель
admin-word-planned = запланирована
admin-word-claimed = взята в работу
admin-word-sent = отправлена
admin-word-accepted = принята
admin-word-confirmed = подтверждена
admin-word-rejected = отвергнута
admin-word-unknown = исход неизвестен
admin-word-mismatch = видна другая цена
admin-word-removed = снят с продажи
admin-word-superseded = заменена новой
admin-word-expired = истекла
admin-word-held = удержана
admin-word-robot = робот
admin-word-person = человек
admin-word-undo = возврат
admin-word-api = API
admin-word-system = программа
admin-word-change = изменить
admin-word-keep = оставить
admin-word-hold = удержать
admin-word-refuse = нельзя
admin-word-queued = в очереди
admin-word-running = выполняется
admin-word-succeeded = готово
admin-word-failed = сбой
admin-word-connect-store = вход в кабинет
admin-word-sync-store = сверка каталога
admin-word-send-alert = доставка тревоги
admin-word-reprice-store = расчёт цен
admin-word-push-prices = отправка цен
admin-period-today = Сегодня
admin-period-week = Последние 7 дней
admin-period-month = Последние 30 дней
admin-yes = Да
admin-no = Нет
admin-any = Любое
admin-filters = Фильтры
admin-reset = Сбросить
admin-find = Найти
admin-search-label = Поиск записей
admin-records = Записи
admin-add = Добавить
admin-with-selected = С выбранными
admin-choose-action = Действие…
admin-run = Выполнить
admin-select = Выбрать { $name }
admin-pages = Страницы
admin-previous = Назад
admin-next = Вперёд
admin-page-of = Страница { $page } из { $last }
admin-nothing = Записей пока нет
admin-nothing-found = Ничего не нашлось. Сбросьте поиск и фильтры.
admin-open-site = Открыть в панели
admin-delete = Удалить…
admin-delete-yes = Да, удалить
admin-save-stay = Сохранить и остаться
admin-version = версия { $n }
admin-new = Новая запись
admin-change-form = Изменить запись
admin-history = История
admin-history-all = Вся
admin-history-empty = Изменений ещё не было
admin-because = Причина: { $text }
admin-conflict-title = Запись изменил кто-то другой
admin-conflict-text = Ваши значения сохранены в форме и ещё не записаны. Ниже — что стоит в записи сейчас. Сохраните ещё раз, чтобы записать свои.
admin-conflict-now = { $field } сейчас: { $value }
admin-confirm-delete = Удалить без возврата?
admin-losses = Вместе с этим исчезнет
admin-losses-none = Больше ничего не исчезнет.
admin-stays-in-log = Журнал изменений сохранит запись об удалении.
admin-saved = Сохранено
admin-deleted = Удалено
admin-value-empty = пусто
admin-error-characters = Уберите недопустимые знаки
admin-error-choice = Выберите значение из списка
admin-error-number = Введите целое число
admin-error-money = Введите целое число тенге больше нуля, например 12 500, или оставьте пустым
admin-hint-warehouses = По строке на точку: номер, двоеточие, количество. Например «1: 3».
admin-hint-product_id = Код товара из адреса его страницы
admin-records-count = { $n ->
    [one] { $n } запись
    [few] { $n } записи
   *[other] { $n } записей
  }
admin-not-saved = { $n ->
    [one] Не сохранено: исправьте { $n } поле
    [few] Не сохранено: исправьте { $n } поля
   *[other] Не сохранено: исправьте { $n } полей
  }
admin-confirm-count = { $n ->
    [one] Выбрана { $n } запись
    [few] Выбраны { $n } записи
   *[other] Выбрано { $n } записей
  }
admin-none-selected = Отметьте записи галочками и выберите действие
admin-done = Готово: { $done }. Не удалось: { $refused }.
admin-loss-products = { $n ->
    [one] { $n } товар
    [few] { $n } товара
   *[other] { $n } товаров
  }
admin-loss-preorders = { $n ->
    [one] { $n } предзаказ
    [few] { $n } предзаказа
   *[other] { $n } предзаказов
  }
admin-loss-decisions = { $n ->
    [one] { $n } решение о цене
    [few] { $n } решения о ценах
   *[other] { $n } решений о ценах
  }
admin-loss-pushes = { $n ->
    [one] { $n } отправка цены
    [few] { $n } отправки цен
   *[other] { $n } отправок цен
  }
admin-error-points = Одна точка в строке: «1: 3» — номер и количество
store-error-city-unknown = Выберите город из списка
admin-word-upload-preorders = загрузка предзаказов
admin-word-tell-arrived = отметка «товар пришёл»
admin-word-make-report = отчёт
admin-word-apply-import = импорт

# Lists of the administration area: pages, files, changes in place, filters that are typed.
admin-many = много
admin-acts = Последние действия
admin-edit-here = Изменить в списке
admin-edit-end = Закончить правку
admin-export = Скачать .xlsx
admin-drill-out = Шире
admin-all-matching = Все найденные
admin-first = Первая
admin-last = Последняя
admin-page-size = Строк на странице
admin-pages-cut = Дальше в этом порядке не листается: сузьте список фильтром или поиском.
admin-relation-none = Ничего не найдено: проверьте написание
admin-relation-several = Найдено несколько: выберите
admin-apply = Применить
admin-from = от
admin-until = до
admin-columns = Колонки
admin-save-another = Сохранить и добавить ещё
admin-confirm-more = И ещё { $n }
admin-restore = Вернуть прежнее
admin-restored = Прежние значения возвращены
admin-too-many = Найдено больше { $n }: сузьте список
admin-file-about = О файле
admin-file-list = Список
admin-file-filters = Адрес списка
admin-file-by = Кто скачал
admin-file-at = Когда
admin-file-whole = Все строки
admin-field-day = День
