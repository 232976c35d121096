# Putting earlier prices back.
put-back-title = Вернуть прежние цены
put-back-lead = Цены, которые были видны на витрине в выбранный момент. Сначала покажем, что изменится; до вашего подтверждения ничего не отправляется.
put-back-moment = На какой момент
put-back-at = Дата и время, по Алматы
put-back-at-hint = Вернутся цены, которые были на витрине в этот момент.
put-back-hour = час назад
put-back-six-hours = 6 часов назад
put-back-day = сутки назад
put-back-one = Только один товар.
put-back-whole = Весь магазин
put-back-some = Только некоторые товары
put-back-skus = Артикулы, по одному в строке
put-back-look = Показать, что изменится
put-back-no-moment = Укажите дату и время.
put-back-no-products = Товаров с такими артикулами в магазине нет.
put-back-ahead = Этот момент ещё не наступил.
put-back-preview = Что изменится
put-back-planned = Вернём
put-back-planned-text = цена была другой
put-back-refused = Нельзя сейчас
put-back-refused-text = запрещают границы или состояние
put-back-same = Без изменений
put-back-same-text = цена та же, что тогда
put-back-unknown = Неизвестно
put-back-unknown-text = тогдашней цены нет в истории
put-back-why-refused = Почему нельзя
put-back-all-same = Менять нечего: все известные цены такие же, как тогда.
put-back-now = Сейчас
put-back-then = Тогда
put-back-may = Можно ли
put-back-yes = можно
put-back-more = { $n ->
    [one] и ещё { $n } товар с меньшим изменением
    [few] и ещё { $n } товара с меньшим изменением
   *[other] и ещё { $n } товаров с меньшим изменением
  }
put-back-note-1 = Каждая цена пройдёт те же проверки, что и цены робота: пол, потолок, цель, остановки.
put-back-note-2 = Отправка идёт в обычном темпе площадки; за ходом можно следить.
put-back-note-3 = Робот не тронет эти товары один час.
put-back-submit = { $n ->
    [one] Вернуть { $n } цену
    [few] Вернуть { $n } цены
   *[other] Вернуть { $n } цен
  }
put-back-cancel = Ничего не менять
put-back-past = Уже возвращали
put-back-to = К ценам на
put-back-again = Посмотреть, что осталось
put-back-nothing = Возвращать нечего: ничего не изменилось с тех пор или это сейчас запрещено.
put-back-running = Цены возвращаются
put-back-over = Готово
put-back-progress = Завершено { $done } из { $all }.
put-back-left-out = { $n ->
    [one] { $n } товар пропущен: его цену сейчас менять нельзя.
    [few] { $n } товара пропущены: их цены сейчас менять нельзя.
   *[other] { $n } товаров пропущены: их цены сейчас менять нельзя.
  }
