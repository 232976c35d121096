# Dashboard.
dashboard-data-at = деректер уақыты
almaty-time = Алматы уақыты
today = Бүгін
weekday-1 = Дүйсенбі
weekday-2 = Сейсенбі
weekday-3 = Сәрсенбі
weekday-4 = Бейсенбі
weekday-5 = Жұма
weekday-6 = Сенбі
weekday-7 = Жексенбі
issues-title = Назар аударыңыз
issues-none = Бәрі тыныш: шешіміңізді күтіп тұрған ештеңе жоқ.
issue-stopped = { $name }: бағалар тоқтатылған.
issue-needs-login = { $name }: сессия аяқталды, бағалар жіберілмейді.
issue-needs-login-text = { $n ->
    [one] { $n } тауар күтуде.
   *[other] { $n } тауар күтуде.
  }
issue-held-word = ұсталды
issue-held = { $n ->
    [one] { $n } баға өзгерісін қорғаныс ұстады.
   *[other] { $n } баға өзгерісін қорғаныс ұстады.
  }
issue-held-text = Нарықтың немесе баптаудың қатесіне ұқсайды — адам шешеді.
issue-look = Тексеру
issue-floor-word = еденсіз
issue-floor = { $n ->
    [one] Автобағасы бар { $n } тауарда еден жоқ — робот тимейді.
   *[other] Автобағасы бар { $n } тауарда еден жоқ — робот тимейді.
  }
issue-floor-text = Еден қойыңыз, сонда робот жұмысын бастайды.
issue-floor-act = Еден қою
figure-sent = Жіберілген бағалар
figure-sent-text = сөреде { $confirmed }, күтуде { $open }, бас тартылды { $refused }
figure-first = Бірінші орында
figure-first-text = { $all } шешімнің { $first }
figure-floor = Еденде
figure-stock = Қалдық жоқ
figure-stock-text = робот оларға тимейді
figure-products = Тауарлар
decisions-title = Роботтың соңғы шешімдері
decisions-all = Бүкіл журнал
decisions-none = Шешімдер әлі жоқ. Дүкеннің автобағаларын көлеңкеде болса да қосыңыз, сонда әрқайсысы себебімен осында шығады.
column-time = Уақыты
column-product = Тауар
column-price = Баға
column-change = Өзгеріс
column-why = Неге
no-change = өзгеріссіз
reason-none = Себебі тауар бетінде жазылған
decision-why-rival = { $why }, бәсекелес { $rival }
decision-waits = қазір емес
decision-shadow = көлеңкеде
decision-confirmed = сөреде
decision-open = сөрені күтудеміз
decision-held = ұсталды
decision-superseded = жаңасымен ауыстырылды
decision-refused = бас тартылды
decision-at-floor = еденде
decision-right = дұрыс
decision-untouched = тимейміз
