# The stop button.
stop-title = Бағаларды тоқтату
stop-active = Күшіндегі тоқтатулар
stop-word = тоқтатылды
stop-release = Тоқтатуды алып тастау
stop-released = Тоқтату алынды: бағалар қайта жіберіледі
stop-done = Тоқтатылды: сіз алып тастамайынша бірде-бір баға кетпейді
stop-question = Бағаларды тоқтату керек пе?
stop-text = Тоқтатуды алып тастамайынша Kaspi-ге бірде-бір баға кетпейді. Сөредегі бағалар қазіргідей қалады.
stop-where = Қайда тоқтату керек
stop-all = Барлық дүкендер
stop-waiting = { $n ->
    [one] кезекте { $n } баға
   *[other] кезекте { $n } баға
  }
stop-reason = Себебі
stop-reason-mistake = Бағаларда қате бар сияқты
stop-reason-costs = Тарифтер немесе сатып алу бағасы өзгерді
stop-reason-check = Баптауларды тексеріп жатырмын
stop-reason-other = Басқа
stop-details = Қажет болса, толығырақ
stop-no-reason = Себебін жазыңыз: ертең біреу ол туралы сұрайды.
stop-note-1 = Жіберу бір секундтан кешіктірмей тоқтайды.
stop-note-2 = Жолға шыққан бағаны күтіп, сөреде не көрінетінін көрсетеміз.
stop-note-3 = Робот көлеңкеде есептей береді, «неге» қолжетімді болып қалады.
stop-submit = Бағаларды тоқтату
stop-cancel = Тоқтатпау
stop-nothing = Тоқтататын ештеңе жоқ: дүкендер әлі жоқ.
stop-strategy = «{ $name }» стратегиясы
stop-product = «{ $name }» тауары
stop-one-strategy = Тек бір стратегияны
stop-strategy-reach = осы стратегия тапқан бағалар, барлық дүкенде
stop-none-active = Тоқтату жоқ: бағалар жіберілуде.
stop-past = Бұрынғы тоқтатулар
stop-past-none = Әзірге тоқтату болған жоқ.
stop-what = Не
stop-stopped = Тоқтатылды
stop-let-go = Алынды
stop-release-text = Робот бағаларды қайта жібере бастайды. Тоқтату себебі жойылғанына көз жеткізіңіз.
stop-release-reason = Неге алуға болады
stop-release-cancel = Тоқтатуды қалдыру
stop-password = Құпиясөзіңіз
stop-password-hint = Тоқтатуды тек өзі екенін растаған адам ала алады.
stop-wrong-password = Құпиясөз сәйкес келмеді.
stop-released-already = Бұл тоқтатуды басқа біреу алып қойған.
stop-this-store = Дүкен бағаларын тоқтату
stop-this-product = Тауар бағасын тоқтату
product-stopped = Бұл тауардың бағасы тоқтатылған
# What the program itself writes as a reason.
stop-why-mass_move = тым көп тауар бірден арзандар еді
stop-why-mass_move_median = өзгерістердің жартысы — үлкен төмендету
stop-why-alert_unanswered = шұғыл дабылға ешкім жауап бермеді
stop-why-offers_removed = баға жіберілгеннен кейін тауарлар сөреден жоғалды, дүкен енді көлеңкеде
stop-why-too_many_drops = тәулігіне тым көп төмендету, автобаға өшірілді
stop-why-outside_collar = баға соңғы аптадағы бағалардан тым алшақ
stop-why-selling_fast = әдеттегіден әлдеқайда тез әрі арзан сатылуда
stop-why-impossible_market = нарық шындыққа ұқсамайды: 1 ₸ баға, 10 есе секіріс немесе бос карточкалар
