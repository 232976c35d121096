# Troubles that people should hear of.
alerts-title = Тревоги
alerts-all = Все тревоги
alerts-lead = Что случилось, что с этим делать и кто этим занят.
alerts-open = Ждут вас
alerts-open-none = Всё спокойно: новых тревог нет.
alerts-seen = Уже разобрано
alerts-seen-none = Пока ничего не разобрано.
alerts-times = { $n ->
    [one] { $n } раз
    [few] { $n } раза
   *[other] { $n } раз
  }
alerts-acknowledge = Беру на себя
alerts-acknowledged = Отмечено: этим занимаетесь вы
alerts-by = занимается { $name }
alerts-over = прошло
alerts-everywhere = Все магазины
alert-severity-critical = срочно
alert-severity-warning = внимание
alert-severity-notice = к сведению
alert-kind-session_lost = Сессия закончилась
alert-kind-store_stopped = Цены остановлены
alert-kind-breaker = Сработала защита
alert-kind-mismatch = На витрине другая цена
alert-kind-floor_reached = Цена дошла до пола
alert-kind-first_place_lost = Потеряно первое место
alert-kind-offer_removed = Товар снят с продажи
alert-kind-worker_lost = Процесс прервался
alert-session_lost = { $store }: сессия закончилась, цены не отправляются.
alert-session_lost-do = Войдите в кабинет магазина заново.
alert-store_stopped = { $store }: цены остановил(а) { $who }: { $reason }
alert-store_stopped-do = Снимите остановку, когда причина устранена.
alert-breaker = { $store }: защита остановила цены: { $reason }
alert-breaker-do = Проверьте решения робота; если всё верно, снимите остановку.
alert-mismatch = { $product }: после отправки на витрине видна другая цена.
alert-mismatch-do = Посмотрите товар в кабинете: цену мог изменить человек или другая программа. Робот не тронет его час.
alert-floor_reached = { $store }: цены дошли до пола, например у «{ $product }».
alert-floor_reached-do = Проверьте, верны ли полы: ниже робот не пойдёт.
alert-first_place_lost = { $store }: товары потеряли первое место, например «{ $product }».
alert-first_place_lost-do = Посмотрите, кто впереди, и решите, стоит ли менять правило или пол.
alert-offer_removed = { $product }: после отправки цены товар снят с продажи.
alert-offer_removed-do = Проверьте остатки и точки выдачи товара в кабинете. Робот не тронет его час.
alert-worker_lost = { $store }: процесс прервался посреди отправки; исход проверяем по витрине.
alert-worker_lost-do = Посмотрите журнал программы; если это повторяется, ей не хватает памяти или её останавливают.
alert-act-store = К магазину
alert-act-product = К товару
alert-act-stop = К остановкам
alert-act-login = Войти
