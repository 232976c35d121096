# Tariffs: what holds, what comes, and what coming tariffs will do.
nav-tariffs = Тарифы
tariffs-lead = Что площадка и государство берут с каждой продажи. По ним робот считает прибыль и самую низкую цену.
tariffs-next = Ближайшее изменение тарифов: { $day }.
tariffs-next-see = Какие товары станут убыточными
tariffs-about-commission = Доля цены с НДС, по классу товара.
tariffs-about-delivery = Сколько продавец платит за доставку заказа, без НДС: по цене заказа, затем по весу.
tariffs-about-delivery-vat = Добавляется к стоимости доставки.
tariffs-about-tax = Доля цены по налоговому режиму продавца.
tariffs-none = Ни одного тарифа
tariffs-none-text = Без тарифа прибыль не посчитать: действует только пол.
tariff-add-other = Другой тариф
tariff-new = Новый тариф
tariff-name = Название
tariff-name-hint = Латиницей: буквы, цифры и знак _, например bags. С тем же названием, но с другого дня — продолжение того же тарифа
tariff-now = Сегодня
tariff-later = Дальше
tariff-since = с { $day }
tariff-not-yet = сегодня не действует
tariff-history = Прежние значения: { $n }
tariff-correct = Исправить
tariff-correct-of = Исправить: { $name }
tariff-from-day = Новый с дня
tariff-fees-range = { $from } — { $to }
tariff-fees-all = Все ступени
tariff-up-to = до { $end }
tariff-above = больше { $end }
tariff-any-price = любая цена
tariff-any-weight = любой вес
tariff-fee-price = Цена заказа
tariff-fee-weight = Вес
tariff-fee = Доставка без НДС
tariff-valid-from = Действует с
tariff-valid-from-hint = По времени Алматы, до следующего значения
tariff-share = Сколько процентов
tariff-share-hint = От 0 до 100, например 12,5
tariff-fees = Стоимость доставки
tariff-fees-hint = Строки по возрастанию цены, внутри цены — веса. Пустая граница значит «и выше»: такой должна быть последняя строка. Пустые строки не считаются.
tariff-row-price = Цена до, ₸
tariff-row-weight = Вес до, г
tariff-row-fee = Доставка, ₸
tariff-row-price-of = Строка { $n }: цена до, ₸
tariff-row-weight-of = Строка { $n }: вес до, г
tariff-row-fee-of = Строка { $n }: доставка, ₸
tariff-more-rows = Ещё строки
tariff-reason = Причина
tariff-reason-hint = Нужна, если день уже наступил: тариф объясняет прежние решения
tariff-reason-begun = Тариф уже действует и объясняет прежние решения: напишите, почему его удаляете
tariff-saved = Тариф сохранён. Где он меняет прибыль сегодня, робот пересчитает цены сразу
tariff-deleted = Тариф удалён
tariff-delete = Удалить
tariff-delete-title = Удалить тариф?
tariff-delete-text = Снова будет действовать предыдущее значение. Прежние решения останутся со своими числами.
tariff-conflict = Тариф изменили, пока вы правили,
tariff-error-day = Введите день, например 01.01.2027
tariff-error-reason = Напишите причину: день этого тарифа уже наступил
tariff-error-name-standard = Такой тариф один, его название — standard
tariff-error-fees = Заполните строки стоимости доставки
tariff-error-fees-count = Введите от 1 до 64 ступеней цены и от 1 до 64 весов в каждой
tariff-error-fees-order = Границы должны возрастать сверху вниз, одна и та же цена — подряд
tariff-error-fees-open = Последняя строка — без границы цены, и у каждой цены последний вес — без границы; у остальных строк граница нужна
tariff-error-fees-fee = Стоимость доставки — от 0 до 1 000 000 000 ₸
tariff-error-row-price = Строка { $line }: введите цену целым числом тенге или оставьте пустой
tariff-error-row-weight = Строка { $line }: введите вес целым числом граммов или оставьте пустым
tariff-error-row-fee = Строка { $line }: введите стоимость доставки целым числом тенге
tariff-changed = { $kind }, { $name }: { $before } → { $after }
changes-title = Что изменят тарифы
changes-lead = Товары с автоценой, которые по будущим тарифам заработают при нынешней цене меньше цели. Посчитаны товары с известной себестоимостью и налогом.
changes-none = Изменений не предвидится
changes-none-text = Когда появится тариф с будущим днём, здесь будет видно, какие товары он сделает убыточными.
changes-to-tariffs = К тарифам
changes-from = С { $day }
changes-download = Скачать .xlsx
losses-caption = { $n ->
    [one] { $n } товар заработает
    [few] { $n } товара заработают
   *[other] { $n } товаров заработают
  } меньше цели. Сначала самые убыточные.
losses-cut = Показаны первые { $n }, в файле — все.
losses-none = Ни один товар не станет убыточным при нынешних ценах
losses-profit-now = Прибыль сейчас
losses-profit-then = Прибыль потом
losses-lowest-now = Ниже нельзя сейчас
losses-lowest-then = Ниже нельзя потом
losses-loss = убыток
losses-below-goal = меньше цели
losses-no-price = нет такой цены
losses-unknown = не посчитать
issue-tariffs-word = тарифы
issue-tariffs = С { $day } изменятся тарифы
issue-tariffs-losses = { $n ->
    [one] { $n } товар заработает
    [few] { $n } товара заработают
   *[other] { $n } товаров заработают
  } при нынешней цене меньше цели
issue-tariffs-none = При нынешних ценах ни один товар не станет убыточным
