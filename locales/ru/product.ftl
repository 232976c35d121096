# The page of one product: its price over time, and what the robot would do if.
chart-title = История цены
chart-range = Период
chart-range-24h = 24 часа
chart-range-7d = 7 дней
chart-range-30d = 30
chart-range-90d = 90
chart-period-24h = 24 часа
chart-period-7d = 7 дней
chart-period-30d = 30 дней
chart-period-90d = 90 дней
chart-title-period = { $name }: цена за { $period }
chart-region = График цены
chart-fell = За { $period } цена снизилась с { $first } до { $last }, минимум { $low }, максимум { $high }.
chart-rose = За { $period } цена выросла с { $first } до { $last }, минимум { $low }, максимум { $high }.
chart-returned = За { $period } цена менялась и вернулась к { $last }, минимум { $low }, максимум { $high }.
chart-still = За { $period } цена не менялась: { $last }.
chart-known-since = Цена известна с { $time }.
chart-off-sale = Сейчас цены в городе магазина нет.
chart-rival-now = Лучший соперник сейчас { $price }.
chart-writes = Отправки цены: принято { $confirmed }, отказов { $refused }, удержано { $held }.
chart-own = ваша цена
chart-rival = лучший соперник
chart-limits = пол и потолок
chart-confirmed = принято
chart-refused = отказ
chart-held = удержано
chart-label-own = вы { $price }
chart-label-own-outside = вы { $price }
chart-label-rival = соперник { $price }
chart-label-rival-outside = соперник { $price }
chart-label-floor = пол { $price }
chart-label-floor-outside = ↓ пол { $price }
chart-label-ceiling = потолок { $price }
chart-label-ceiling-outside = ↑ потолок { $price }
chart-table = Те же данные таблицей
chart-since = С какого времени
chart-write = Отправка
chart-empty = За этот период цену ещё не читали: график появится после сверки каталога. Выберите период длиннее.

what-if-title = А если…
what-if-nothing-sent = ничего не отправляется
what-if-lead = Измените числа и посмотрите, что решил бы робот. Остальное — как при его решении
what-if-rival = Цена лучшего соперника
what-if-rival-hint = Остальные соперники остаются при своих ценах
what-if-strategy-same = как в решении: { $strategy }
what-if-go = Посчитать без отправки
what-if-answer = Вот что решил бы робот
what-if-change = Робот изменил бы цену
what-if-keep = Робот оставил бы цену
what-if-hold = Робот удержал бы цену
what-if-refuse = Робот не стал бы менять цену
what-if-end-text = Это только расчёт: ничего не отправлено и не сохранено
what-if-none = Считать пока не по чему: пример появится после первой проверки этого товара роботом.
# Bars of sales below the chart.
sales-title = Продажи по остатку
sales-region = График продаж по остатку
sales-sentence = За { $period } остаток уменьшился на { $n ->
    [one] { $n } штуку
    [few] { $n } штуки
   *[other] { $n } штук
  }, больше всего — { $most } ({ $when }).
sales-none = За { $period } остаток не уменьшался.
sales-note = Это падение остатка между чтениями кабинета, а не заказы: пополнение скрывает продажи, списание выглядит как продажа.
sales-known = Остаток помним { $n ->
    [one] { $n } день
    [few] { $n } дня
   *[other] { $n } дней
  }.
sales-table = Продажи таблицей
sales-when = Когда
sales-units = Штук
