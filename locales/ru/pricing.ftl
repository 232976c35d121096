# Decisions and pushes in words. Codes come from the deciding function, the last gate and the journal.
why-title = Почему такая цена
why-decided = решение
why-none = Робот ещё не проверял этот товар. Первая проверка — в ближайшие минуты, если магазин подключён и автоцены включены.
why-none-floor = Пол не задан, поэтому робот не трогает цену. Введите пол в настройках цены.
why-none-off = Робот для этого товара выключен. Включите его в настройках цены.
why-not-set = не задан
why-market = Прочитали карточку
why-market-complete = Полный список, предложений: { $offers }, возраст { $age }
why-market-incomplete = Список неполный, прочитано предложений: { $offers }, возраст { $age }
why-rivals = Отобрали соперников
why-rivals-text = Учтено: { $n }, лучшая цена { $best }
why-rivals-none = Ни одного подходящего соперника
why-target = цель { $price }
why-end-change = Решили изменить цену
why-end-shadow = Посчитали в тени
why-end-shadow-text = Магазин в режиме тени: цена посчитана, но не отправлена
why-end-suggestion-text = В эти часы правило только предлагает: посчитано, не отправлено
why-end-keep = Цена остаётся
why-end-hold = Удержали цену
why-end-hold-text = Робот вернётся к товару при следующей проверке
why-end-refuse = Цену не менять
why-end-refuse-text = Исправьте границы, и робот посчитает заново
reason-unknown = Шаг { $code }
reason-INVALID_INPUT = Данные с ошибкой
reason-INVALID_INPUT-text = Значение «{ $field }» вне допустимых границ: цену не трогаем
reason-STRATEGY_UNAVAILABLE = Стратегия недоступна
reason-STRATEGY_UNAVAILABLE-text = Стратегию «{ $kind }» эта версия не умеет или правило не прочитать: цену не трогаем
reason-NO_FLOOR = Пол не задан
reason-NO_FLOOR-text = Без пола робот не трогает цену
reason-INVERTED_LIMITS = Пол выше потолка
reason-INVERTED_LIMITS-text = Пол { $floor }, потолок { $ceiling }: исправьте границы
reason-EMPTY_SAFE_SET = Безопасных цен нет
reason-EMPTY_SAFE_SET-text = Между полом { $floor } и потолком { $ceiling } нет допустимой цены
reason-NO_ECONOMICS = Не хватает данных о затратах
reason-NO_ECONOMICS-text = Цену по наценке не посчитать без себестоимости и комиссий
reason-LOCKED = Товар заморожен
reason-LOCKED-text = Не трогать до { $until }
reason-OUT_OF_STOCK = Нет остатка
reason-OUT_OF_STOCK-text = Пока товара нет, цена не меняется
reason-NO_EVIDENCE = Карточку не прочитали
reason-NO_EVIDENCE-text = Без свежих предложений робот не решает
reason-STALE_MARKET = Данные устарели
reason-STALE_MARKET-text = Список предложений слишком старый, ждём нового
reason-BOUND_REPAIR = Вернули цену в границы
reason-BOUND_REPAIR-text = Пол { $floor }, потолок { $ceiling }
reason-QUIET_HOURS = Тихие часы
reason-QUIET_HOURS-text = По правилу цена не меняется до { $until }
reason-SUGGESTIONS_ONLY = Только предложения
reason-SUGGESTIONS_ONLY-text = По правилу до { $until } ничего не отправляется
reason-NIGHT_RESET = Ночной выход из ценовой войны
reason-NIGHT_RESET-text = Война с { $rival } началась с цены { $price }: возвращаемся к ней и смотрим, поднимет ли он свою
reason-WAR_MATCH = Ценовая война
reason-WAR_MATCH-text = { $rival } отвечал на каждую нашу цену более низкой, раз: { $count }. Встаём на его цену и ниже не идём
reason-WAR_YIELD = Ценовая война
reason-WAR_YIELD-text = { $rival } отвечал на каждую нашу цену более низкой, раз: { $count }. Уступаем ему первое место
reason-NO_CHOSEN = Выбранных продавцов нет
reason-NO_CHOSEN-text = Правило смотрит только на выбранных, сейчас никто из них не продаёт
reason-INCOMPLETE_MARKET = Список предложений неполный
reason-INCOMPLETE_MARKET-text = По неполному списку цену не поднимаем
reason-OWN_OFFER_ABSENT = Нашего предложения нет в списке
reason-OWN_OFFER_ABSENT-text = Похоже на ошибку площадки: цену не поднимаем
reason-ALONE_UNPROVEN = Соперников не видно
reason-ALONE_UNPROVEN-text = Одной проверки мало, проверим ещё раз
reason-ALONE_SCENARIO = Мы одни на карточке
reason-ALONE_SCENARIO-text =
    { $choice ->
        [hold] Правило велит оставить цену
        [ceiling] Правило велит встать на потолок
       *[raise] Поднимаем понемногу, на { $percent } % за шаг
    }
reason-BEAT_LOWEST = Правило «Быть первым»
reason-BEAT_LOWEST-text = Лучший соперник { $price }, шаг { $step }
reason-MATCH_LOWEST = Правило «Вровень с лучшим»
reason-MATCH_LOWEST-text = Лучший соперник { $price }
reason-SMART_MATCH = Правило «Вровень, если рейтинг выше»
reason-SMART_MATCH-text = Лучший соперник { $price }, шаг { $step }
reason-HOLD_PLACE = Правило «Держать место»
reason-HOLD_PLACE-text = Нужное место: { $place }
reason-BEHIND_LEADER = Правило «Сразу за лучшим»
reason-BEHIND_LEADER-text = Лучший соперник { $price }
reason-BEST_REACHABLE = Правило «Лучшее достижимое место»
reason-BEST_REACHABLE-text = Смотрим первые места: { $places }
reason-FOLLOW = Правило «За выбранным продавцом»
reason-FOLLOW-text = Его цена: { $price }
reason-FOLLOW_FALLBACK = Выбранных продавцов нет
reason-FOLLOW_FALLBACK-text = Работает запасная стратегия
reason-AVERAGE = Правило «Средняя цена»
reason-AVERAGE-text = Средняя цена лучших соперников ({ $count }): { $price }
reason-CAPTURE_GAP = Правило «Забрать разрыв»
reason-CAPTURE_GAP-text = Следующий соперник { $price }, шаг { $step }
reason-ALONE = Мы одни на карточке
reason-ALONE-text = Поднимаем понемногу, на { $percent } % за шаг
reason-FIXED = Правило «Постоянная цена»
reason-FIXED-text = Цена { $price }, соперники не важны
reason-TARGET_MARGIN = Правило «Нужная прибыль»
reason-TARGET_MARGIN-text = Самая низкая цена с этой прибылью: { $price }
reason-NOT_ALONE = Мы не одни
reason-NOT_ALONE-text = Есть соперник с ценой { $price }, правило ждёт
reason-NOT_FIRST = Мы не первые
reason-NOT_FIRST-text = Наше место { $place }, правило поднимает цену только с первого
reason-GAP_SMALL = Разрыв слишком мал
reason-GAP_SMALL-text = Прибавка { $gain }, нужно хотя бы { $wanted }
reason-FOLLOWED_ABSENT = Выбранных продавцов нет
reason-FOLLOWED_ABSENT-text = Запасной стратегии нет, цена остаётся
reason-ROOMY_SCENARIO = Соперников меньше, чем мест
reason-ROOMY_SCENARIO-text =
    { $choice ->
        [ceiling] Место { $place } и так наше: встаём на потолок
       *[hold] Место { $place } и так наше: цена остаётся
    }
reason-AT_FLOOR_SCENARIO = Соперник стоит на нашем полу
reason-AT_FLOOR_SCENARIO-text =
    { $choice ->
        [hold] Правило велит оставить цену
        [ceiling] Правило велит встать на потолок
       *[match] Встаём вровень, на пол { $floor }
    }
reason-BELOW_FLOOR_SCENARIO = Соперник ниже пола
reason-BELOW_FLOOR_SCENARIO-text =
    { $choice ->
        [hold] Его цена { $rival }, наш пол { $floor }: оставляем цену
        [floor] Его цена { $rival }: встаём на пол { $floor }
        [ceiling] Его цена { $rival }, наш пол { $floor }: встаём на потолок
       *[reachable] Его цена { $rival }, наш пол { $floor }: берём лучшее достижимое место
    }
reason-ABOVE_CEILING_SCENARIO = Соперники выше потолка
reason-ABOVE_CEILING_SCENARIO-text =
    { $choice ->
        [hold] Потолок { $ceiling }: цена остаётся
       *[ceiling] Встаём на потолок { $ceiling }
    }
reason-FIRST_SCENARIO = Мы уже первые
reason-FIRST_SCENARIO-text =
    { $choice ->
        [hold] Правило велит оставить цену
       *[capture] Поднимаем цену до ближайшего соперника
    }
reason-NO_REACHABLE_PLACE = Обойти некого
reason-NO_REACHABLE_PLACE-text = Все соперники ниже пола
reason-NO_CEILING = Потолок не задан
reason-NO_CEILING-text = Без потолка робот не поднимает цену
reason-FOLLOW_CHAMPION = На карточке есть другой наш магазин
reason-FOLLOW_CHAMPION-text = Ведёт магазин { $champion }: наша цена не ниже { $price }
reason-FLOOR_REACHED = Остановились на полу
reason-FLOOR_REACHED-text = Ниже { $floor } не опускаемся
reason-DOMINATED_PRICE = Дешевле — не менее выгодно
reason-DOMINATED_PRICE-text = Цена { $price } приносит не меньше, чем { $wanted }
reason-OUTSIDE_SAFE_SET = Цель вне безопасных цен
reason-OUTSIDE_SAFE_SET-text = Хотели { $wanted }, безопасная цена { $price }
reason-ENDING = Округлили окончание
reason-ENDING-text = Вместо { $wanted } красивая цена { $price }
reason-ALREADY_RIGHT = Цена уже верная
reason-ALREADY_RIGHT-text = Остаётся { $price }
reason-PLACE_HELD = Место уже наше
reason-PLACE_HELD-text = Место { $place } держится и с ценой { $price }
reason-MIN_MOVE = Изменение слишком мало
reason-MIN_MOVE-text = Вместо { $current } было бы { $price }, место не изменилось бы
reason-DIRECTION_OFF = Это направление выключено правилом
reason-DIRECTION_OFF-text = Было бы { $price }
reason-QUARANTINE = Слишком резкое снижение
reason-QUARANTINE-text = Цель { $price } ждёт решения человека
reason-RAISE_COOLDOWN = Ждём после прошлого изменения
reason-RAISE_COOLDOWN-text = Поднимем до { $price } позже
reason-CHANGES_PER_DAY = Сегодня изменений уже достаточно
reason-CHANGES_PER_DAY-text = Цель { $price } подождёт до завтра
reason-STEP_LIMIT = Ограничили шаг
reason-STEP_LIMIT-text = Хотели { $wanted }, за один раз можно до { $price }
reason-ZONE_CROSSED = Прошли невыгодные цены
reason-ZONE_CROSSED-text = На { $wanted } доставка дороже, поэтому сразу { $price }
reason-DAY_LIMIT = Ограничили изменение за день
reason-DAY_LIMIT-text = Утром было { $opening }, сегодня можно до { $price }
push-state-planned = Цена ждёт отправки
push-state-claimed = Цена отправляется
push-state-sent = Отправлена, ждём ответа
push-state-accepted = Принята, ждём кабинет
push-state-accepted-late = Принята, но появляется дольше обычного
push-state-confirmed = Отправили и увидели в кабинете
push-state-rejected = Площадка отказала
push-state-unknown = Исход неизвестен, проверяем витрину
push-state-mismatch = В кабинете другая цена
push-state-removed = После отправки товар снят с продажи
push-state-superseded = Заменена новым решением
push-state-expired = Не успели отправить
push-state-held = Удержана перед отправкой
push-sent-at = отправлено { $time }
push-accepted-at = принято { $time }
push-finished-at = завершено { $time }
push-public-at = видна покупателям { $time }
push-public-waits = покупателям ещё не видна, смотрим
push-public-unseen = покупателям так и не показана
push-reason-unknown = код { $code }
push-reason-above_ceiling = цена выше потолка
push-reason-below_floor = цена ниже пола
push-reason-below_goal = продажа по этой цене принесёт меньше цели
push-reason-availabilities_stale = данные о складах устарели
push-reason-availabilities_unreadable = данные о складах не прочитать
push-reason-expired = решение устарело
push-reason-in_flight = цена уже отправляется
push-reason-lease_lost = отправку взял другой процесс
push-reason-locked = товар заморожен
push-reason-market_stale = данные о соперниках устарели
push-reason-no_ceiling = нет потолка для повышения
push-reason-no_floor = пол не задан
push-reason-no_price = цена не указана
push-reason-no_sku = нет артикула
push-reason-too_late = между проверкой и отправкой прошло слишком много времени, цена не отправлена
push-reason-not_claimed = отправка отменена
push-reason-not_found = запись не найдена
push-reason-not_live = автоцены магазина не включены
push-reason-not_on_sale = товар не в продаже
push-reason-stopped = цены остановлены
push-reason-program_too_old = эта версия программы устарела: цены отправляет более новая
push-reason-changed_since = после решения изменили правила, границы или затраты: решаем заново
push-reason-outside_collar = цена слишком далека от цен последней недели: нужен человек
push-reason-too_many_drops = слишком много снижений за сутки: автоцена товара выключена
push-reason-store_frozen = площадка просит подождать
push-reason-store_not_connected = магазин не подключён
push-reason-superseded = есть новое решение
push-reason-marketplace_rejected = площадка не приняла цену
push-reason-never_applied = цена так и не появилась на витрине
push-reason-offer_removed = предложение снято
push-reason-offer_damaged = после отправки изменились точки выдачи, остатки или дни предзаказа
push-reason-worker_lost = процесс прервался посреди отправки
push-reason-price_changed_outside = цену изменили в кабинете: решаем заново
push-reason-other_price_seen = видна другая цена
push-reason-paused = пауза в запросах, цена не отправлена
push-reason-rate_limited = слишком много запросов
push-reason-session_expired = нужен вход в кабинет
