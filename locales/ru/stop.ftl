# The stop button.
stop-title = Остановка цен
stop-active = Действующие остановки
stop-word = стоп
stop-release = Снять остановку
stop-released = Остановка снята: цены снова отправляются
stop-done = Остановлено: ни одна цена не уйдёт, пока вы не снимете остановку
stop-question = Остановить цены?
stop-text = Ни одна цена не уйдёт на Kaspi, пока вы не снимете остановку. Цены на витрине останутся как сейчас.
stop-where = Где остановить
stop-all = Все магазины
stop-waiting = { $n ->
    [one] в очереди { $n } цена
    [few] в очереди { $n } цены
   *[other] в очереди { $n } цен
  }
stop-reason = Причина
stop-reason-mistake = Похоже на ошибку в ценах
stop-reason-costs = Изменились тарифы или закупка
stop-reason-check = Проверяю настройки
stop-reason-other = Другое
stop-details = Подробнее, если нужно
stop-no-reason = Напишите причину: завтра кто-то о ней спросит.
stop-note-1 = Отправка прекратится не позже чем через секунду.
stop-note-2 = Цену, которая уже в пути, мы дождёмся и покажем, что видно на витрине.
stop-note-3 = Робот продолжит считать в тени, «почему» останется доступно.
stop-submit = Остановить цены
stop-cancel = Не останавливать
stop-nothing = Останавливать нечего: магазинов пока нет.
stop-strategy = Стратегия «{ $name }»
stop-product = Товар «{ $name }»
stop-one-strategy = Только одну стратегию
stop-strategy-reach = цены, которые нашла эта стратегия, во всех магазинах
stop-none-active = Остановок нет: цены отправляются.
stop-past = Прошлые остановки
stop-past-none = Остановок ещё не было.
stop-what = Что
stop-stopped = Остановлено
stop-let-go = Снято
stop-release-text = Робот снова начнёт отправлять цены. Убедитесь, что причина остановки устранена.
stop-release-reason = Почему можно снять
stop-release-cancel = Оставить остановку
stop-password = Ваш пароль
stop-password-hint = Остановку может снять только тот, кто подтвердит, что это он.
stop-wrong-password = Пароль не подошёл.
stop-released-already = Эту остановку уже снял кто-то другой.
stop-this-store = Остановить цены магазина
stop-this-product = Остановить цену товара
product-stopped = Цена этого товара остановлена
# What the program itself writes as a reason.
stop-why-mass_move = слишком много товаров подешевели бы сразу
stop-why-mass_move_median = половина изменений — большие снижения
stop-why-alert_unanswered = на срочную тревогу никто не ответил
stop-why-offers_removed = после отправки цен товары пропадали с витрины, магазин теперь в тени
stop-why-too_many_drops = слишком много снижений за сутки, автоцена выключена
stop-why-outside_collar = цена слишком далека от цен последней недели
stop-why-selling_fast = продаётся намного быстрее обычного и дешевле обычного
stop-why-impossible_market = рынок читается неправдоподобно: цены в 1 ₸, скачки в 10 раз или пустые карточки
