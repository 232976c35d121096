# The settings: outgoing proxies, limits towards the marketplace.
settings-lead = Общие для всей установки: их видят и меняют только администраторы
proxies-title = Исходящие прокси
proxies-lead = Через них панель обращается к Kaspi. Один кабинет всегда выходит через один и тот же прокси.
proxies-none = Прокси нет — запросы идут напрямую
proxies-none-text = Этого достаточно, пока магазинов немного. Добавьте прокси, если Kaspi ограничивает ваш адрес.
proxies-add = Добавить прокси
proxies-lines = Прокси, по одному в строке
proxies-lines-hint = Формы: http://логин:пароль@хост:порт, https://…, socks5://…, хост:порт:логин:пароль. Логин и пароль хранятся зашифрованными и больше не показываются.
proxies-add-submit = Добавить
proxies-added = { $n ->
    [0] Новых прокси нет.
    [one] Добавлен { $n } прокси.
   *[other] Добавлено { $n } прокси.
  }
proxies-known = { $n ->
    [one] { $n } уже был в списке.
   *[other] { $n } уже были в списке.
  }
proxy-lines-missing = Вставьте хотя бы одну строку с прокси
proxy-lines-wrong = { $n ->
    [one] Не подошла { $n } строка
    [few] Не подошли { $n } строки
   *[other] Не подошли { $n } строк
  }
proxy-lines-again = Исправьте остальные и вставьте снова: повторы пропускаются. Пароли в поле не возвращаются.
proxy-line = Строка { $line }:
proxy-error-format = непонятная запись; напишите http://логин:пароль@хост:порт
proxy-error-scheme = начните с http://, https:// или socks5://
proxy-error-host = это не имя хоста и не адрес
proxy-error-not-public = адрес внутри своей сети; нужен адрес в интернете
proxy-error-port = укажите порт от 1 до 65535
proxy-error-credentials = логин и пароль: без управляющих знаков, каждый не длиннее 255 байт
proxy-error-too-many = за один раз можно добавить не больше 500; вставьте остальное отдельно
proxy-username-missing = Введите и логин, не только пароль
proxy-label = Название
proxy-label-hint = По желанию: поставщик, город, срок оплаты
proxy-address = Прокси
proxy-requests = Запросов
proxy-failures = неудачных
proxy-last-use = Последний запрос
proxy-check = Проверка
proxy-acts = Действия
proxy-state-off = выключен
proxy-state-cooling = отдыхает до { $until }
proxy-state-broken = не работает
proxy-state-new = новый
proxy-state-works = работает
proxy-from-environment = из окружения (KASPI_PROXIES), меняется там
proxy-credentials = Логин и пароль
proxy-credentials-set = логин и пароль сохранены
proxy-credentials-replace = Показать их нельзя. Оставьте поля пустыми, чтобы ничего не менять, или введите новые.
proxy-credentials-enter = Если прокси их требует, введите.
proxy-no-credentials = без логина и пароля
proxy-credentials-forget = Убрать логин и пароль
proxy-credentials-forget-text = Прокси будет использоваться без них
proxy-username = Логин
proxy-edit = Изменить
proxy-saved = Прокси сохранён
proxy-conflict = Прокси изменил кто-то другой. Показано, как сейчас: проверьте и сохраните ещё раз.
proxy-switch-on = Включить
proxy-switch-off = Выключить
proxy-switch-on-of = Включить { $address }
proxy-switch-off-of = Выключить { $address }
proxy-switched-on = Прокси включён
proxy-switched-off = Прокси выключен: новые запросы через него не пойдут
proxy-check-now = Проверить
proxy-check-of = Проверить { $address }
proxy-check-asked = Проверяем: один безобидный запрос к витрине Kaspi
proxy-checking = проверяется
proxy-check-works = отвечает за { $ms } мс
proxy-delete = Удалить
proxy-delete-of = Удалить { $address }
proxy-delete-title = Удалить прокси?
proxy-delete-text = Логин, пароль и счётчики будут удалены. Если это последний включённый прокси, запросы пойдут напрямую.
proxy-deleted = Прокси удалён
proxy-trouble-proxy_unreachable = прокси не отвечает
proxy-trouble-proxy_refused = прокси не принял логин и пароль
proxy-trouble-proxy_no_answer = прокси отвечает ошибкой
proxy-trouble-proxy_not_public = имя ведёт внутрь своей сети
proxy-trouble-proxy_credentials = логин и пароль не расшифровать: введите их заново
proxy-trouble-marketplace_blocked = Kaspi не принимает этот адрес
proxy-trouble-other = ошибка
limits-title = Темп обращений к Kaspi
limits-lead = Ниже того, за что Kaspi блокирует. Меняется переменными окружения.
limit-name = Ограничение
limit-value = Значение
limit-variable = Переменная
limit-every = 1 раз в { $ms } мс
limit-write-interval = Изменения цен одного магазина
limit-writes = Изменений одного магазина за 30 минут
limit-write-pause = Пауза изменений, когда Kaspi просит подождать
limit-public-interval = Чтение витрины с одного адреса
limit-public-pause = Пауза адреса, которому витрина отказала
limit-list-interval = Чтение списка товаров магазина
limit-orders-interval = Запросы к API заказов с одним ключом

brakes-title = Защита цен
brakes-lead = Когда программа сама останавливает, удерживает или откладывает цены. После изменения всё запланированное решается заново.
brakes-reason = Почему меняете
brakes-reason-hint = Останется в журнале
brakes-saved = Защита цен изменена
brakes-conflict = Пока вы вводили, настройки изменил кто-то другой. Ваши значения сохранены в форме; рядом показано, что стоит сейчас.
brakes-usual = Обычно { $n }.
brakes-theirs = Сейчас { $n }.
brakes-error-range = Целое число от { $least } до { $most }.
brakes-unit-percent = %
brakes-unit-minutes = мин
brakes-unit-seconds = с
brakes-big_drop_percent = Большое снижение
brakes-big_drop_percent-hint = Снижение больше этого считается большим.
brakes-big_drop_share_percent = Доля больших снижений
brakes-big_drop_share_percent-hint = Если больших снижений за проход больше, магазин остановится.
brakes-big_drops_at_least = Больших снижений не меньше
brakes-big_drops_at_least-hint = При меньшем числе магазин не останавливается.
brakes-impossible_share_percent = Доля неправдоподобных карточек
brakes-impossible_share_percent-hint = Цены в 1 ₸, скачки в 10 раз, опустевшие карточки: больше — магазин остановится.
brakes-collar_low_percent = Коридор снизу
brakes-collar_low_percent-hint = Цена ниже этой доли медианы за 7 дней ждёт человека.
brakes-collar_high_percent = Коридор сверху
brakes-collar_high_percent-hint = Цена выше этой доли медианы за 7 дней ждёт человека.
brakes-drops_per_day = Снижений за сутки
brakes-drops_per_day-hint = Столько снижений подряд без повышения — автоцена товара выключится.
brakes-product_gap_seconds = Пауза между записями товара
brakes-product_gap_seconds-hint = Чаще робот не пишет цену одного товара.
brakes-removed_per_day = Снятых товаров за сутки
brakes-removed_per_day-hint = Если после записи цен с витрины пропало столько товаров, магазин уйдёт в тень.
brakes-unanswered_minutes = Срочная тревога без ответа
brakes-unanswered_minutes-hint = Если за столько минут никто не взял на себя срочную тревогу о записи цены, магазин остановится. 0 — никогда.
brakes-sales_times = Во сколько раз быстрее обычного
brakes-sales_times-hint = Если за час продано во столько раз больше обычного, а цена ниже обычной, товар замирает на сутки.
brakes-sales_at_least = Продано за час, не меньше
brakes-sales_at_least-hint = Меньшие продажи не останавливают товар. Считаем по убыли остатков.
