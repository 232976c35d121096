# Decisions and pushes in words. Codes come from the deciding function, the last gate and the journal.
why-title = Баға неге осындай
why-decided = шешім
why-none = Робот бұл тауарды әлі тексермеген. Дүкен қосылып, автобағалар қосулы болса, алғашқы тексеру таяу минуттарда болады.
why-none-floor = Еден қойылмаған, сондықтан робот бағаға тиіспейді. Баға баптауларында еденді енгізіңіз.
why-none-off = Бұл тауар үшін робот өшірулі. Оны баға баптауларында қосыңыз.
why-not-set = қойылмаған
why-market = Карточканы оқыдық
why-market-complete = Толық тізім, ұсыныстар: { $offers }, жасы { $age }
why-market-incomplete = Тізім толық емес, оқылған ұсыныстар: { $offers }, жасы { $age }
why-rivals = Бәсекелестерді іріктедік
why-rivals-text = Есепке алынды: { $n }, ең жақсы баға { $best }
why-rivals-none = Лайықты бәсекелес жоқ
why-target = мақсат { $price }
why-end-change = Бағаны өзгертуді шештік
why-end-shadow = Көлеңкеде есептедік
why-end-shadow-text = Дүкен көлеңке режимінде: баға есептелді, бірақ жіберілмеді
why-end-suggestion-text = Бұл сағатта ереже тек ұсынады: есептелді, жіберілмеді
why-end-keep = Баға сол қалпында
why-end-hold = Бағаны ұстадық
why-end-hold-text = Робот келесі тексеруде тауарға қайта оралады
why-end-refuse = Бағаны өзгертпеу
why-end-refuse-text = Шектерді түзетіңіз, робот қайта есептейді
reason-unknown = { $code } қадамы
reason-INVALID_INPUT = Деректерде қате бар
reason-INVALID_INPUT-text = «{ $field }» мәні рұқсат етілген шектен тыс: бағаға тиіспейміз
reason-STRATEGY_UNAVAILABLE = Стратегия қолжетімсіз
reason-STRATEGY_UNAVAILABLE-text = «{ $kind }» стратегиясын бұл нұсқа білмейді немесе ережені оқу мүмкін емес: бағаға тиіспейміз
reason-NO_FLOOR = Еден қойылмаған
reason-NO_FLOOR-text = Еденсіз робот бағаға тиіспейді
reason-INVERTED_LIMITS = Еден төбеден жоғары
reason-INVERTED_LIMITS-text = Еден { $floor }, төбе { $ceiling }: шектерді түзетіңіз
reason-EMPTY_SAFE_SET = Қауіпсіз баға жоқ
reason-EMPTY_SAFE_SET-text = Еден { $floor } мен төбе { $ceiling } арасында рұқсат етілген баға жоқ
reason-NO_ECONOMICS = Шығын деректері жетіспейді
reason-NO_ECONOMICS-text = Өзіндік құн мен комиссиясыз үстеме бағасын есептеу мүмкін емес
reason-LOCKED = Тауар бұғатталған
reason-LOCKED-text = { $until } дейін тиіспеу
reason-OUT_OF_STOCK = Қалдық жоқ
reason-OUT_OF_STOCK-text = Тауар жоқ кезде баға өзгермейді
reason-NO_EVIDENCE = Карточка оқылмады
reason-NO_EVIDENCE-text = Жаңа ұсыныстарсыз робот шешпейді
reason-STALE_MARKET = Деректер ескірген
reason-STALE_MARKET-text = Ұсыныстар тізімі тым ескі, жаңасын күтудеміз
reason-BOUND_REPAIR = Бағаны шектерге қайтардық
reason-BOUND_REPAIR-text = Еден { $floor }, төбе { $ceiling }
reason-QUIET_HOURS = Тыныш сағаттар
reason-QUIET_HOURS-text = Ереже бойынша баға { $until } дейін өзгермейді
reason-SUGGESTIONS_ONLY = Тек ұсыныстар
reason-SUGGESTIONS_ONLY-text = Ереже бойынша { $until } дейін ештеңе жіберілмейді
reason-NIGHT_RESET = Баға соғысынан түнде шығу
reason-NIGHT_RESET-text = { $rival } дүкенімен соғыс { $price } бағадан басталған: сол бағаға оралып, оның көтерілуін күтеміз
reason-WAR_MATCH = Баға соғысы
reason-WAR_MATCH-text = { $rival } әр бағамызға төменірек бағамен жауап берді, рет: { $count }. Оның бағасына тұрамыз, одан төмен түспейміз
reason-WAR_YIELD = Баға соғысы
reason-WAR_YIELD-text = { $rival } әр бағамызға төменірек бағамен жауап берді, рет: { $count }. Бірінші орынды соған береміз
reason-NO_CHOSEN = Таңдалған сатушылар жоқ
reason-NO_CHOSEN-text = Ереже тек таңдалғандарға қарайды, қазір олардың ешқайсысы сатпайды
reason-INCOMPLETE_MARKET = Ұсыныстар тізімі толық емес
reason-INCOMPLETE_MARKET-text = Толық емес тізім бойынша бағаны көтермейміз
reason-OWN_OFFER_ABSENT = Тізімде біздің ұсыныс жоқ
reason-OWN_OFFER_ABSENT-text = Алаң қатесіне ұқсайды: бағаны көтермейміз
reason-ALONE_UNPROVEN = Бәсекелестер көрінбейді
reason-ALONE_UNPROVEN-text = Бір тексеру аз, тағы тексереміз
reason-ALONE_SCENARIO = Карточкада жалғызбыз
reason-ALONE_SCENARIO-text =
    { $choice ->
        [hold] Ереже бағаны қалдыруды айтады
        [ceiling] Ереже төбеге тұруды айтады
       *[raise] Біртіндеп көтереміз, қадамына { $percent } %
    }
reason-BEAT_LOWEST = «Бірінші болу» ережесі
reason-BEAT_LOWEST-text = Ең жақсы бәсекелес { $price }, қадам { $step }
reason-MATCH_LOWEST = «Ең жақсымен тең» ережесі
reason-MATCH_LOWEST-text = Ең жақсы бәсекелес { $price }
reason-SMART_MATCH = «Рейтинг жоғары болса, тең» ережесі
reason-SMART_MATCH-text = Ең жақсы бәсекелес { $price }, қадам { $step }
reason-HOLD_PLACE = «Орынды ұстау» ережесі
reason-HOLD_PLACE-text = Қажетті орын: { $place }
reason-BEHIND_LEADER = «Ең жақсының артында» ережесі
reason-BEHIND_LEADER-text = Ең жақсы бәсекелес { $price }
reason-BEST_REACHABLE = «Қолжетімді ең жақсы орын» ережесі
reason-BEST_REACHABLE-text = Алғашқы орындарға қараймыз: { $places }
reason-FOLLOW = «Таңдалған сатушының соңынан» ережесі
reason-FOLLOW-text = Оның бағасы: { $price }
reason-FOLLOW_FALLBACK = Таңдалған сатушылар жоқ
reason-FOLLOW_FALLBACK-text = Қосалқы стратегия жұмыс істейді
reason-AVERAGE = «Орташа баға» ережесі
reason-AVERAGE-text = Ең жақсы бәсекелестердің орташа бағасы ({ $count }): { $price }
reason-CAPTURE_GAP = «Алшақтықты алу» ережесі
reason-CAPTURE_GAP-text = Келесі бәсекелес { $price }, қадам { $step }
reason-ALONE = Карточкада жалғызбыз
reason-ALONE-text = Біртіндеп көтереміз, қадамына { $percent } %
reason-FIXED = «Тұрақты баға» ережесі
reason-FIXED-text = Баға { $price }, бәсекелестер маңызды емес
reason-TARGET_MARGIN = «Қажетті пайда» ережесі
reason-TARGET_MARGIN-text = Осы пайдасы бар ең төмен баға: { $price }
reason-NOT_ALONE = Жалғыз емеспіз
reason-NOT_ALONE-text = { $price } бағасымен бәсекелес бар, ереже күтеді
reason-NOT_FIRST = Бірінші емеспіз
reason-NOT_FIRST-text = Біздің орын { $place }, ереже бағаны тек бірінші орыннан көтереді
reason-GAP_SMALL = Алшақтық тым аз
reason-GAP_SMALL-text = Қосымша { $gain }, кемінде { $wanted } керек
reason-FOLLOWED_ABSENT = Таңдалған сатушылар жоқ
reason-FOLLOWED_ABSENT-text = Қосалқы стратегия жоқ, баға қалады
reason-ROOMY_SCENARIO = Бәсекелестер орындардан аз
reason-ROOMY_SCENARIO-text =
    { $choice ->
        [ceiling] { $place }-орын онсыз да біздікі: төбеге тұрамыз
       *[hold] { $place }-орын онсыз да біздікі: баға қалады
    }
reason-AT_FLOOR_SCENARIO = Бәсекелес біздің еденде тұр
reason-AT_FLOOR_SCENARIO-text =
    { $choice ->
        [hold] Ереже бағаны қалдыруды айтады
        [ceiling] Ереже төбеге тұруды айтады
       *[match] Теңесеміз, еден { $floor }
    }
reason-BELOW_FLOOR_SCENARIO = Бәсекелес еденнен төмен
reason-BELOW_FLOOR_SCENARIO-text =
    { $choice ->
        [hold] Оның бағасы { $rival }, біздің еден { $floor }: бағаны қалдырамыз
        [floor] Оның бағасы { $rival }: { $floor } еденіне тұрамыз
        [ceiling] Оның бағасы { $rival }, біздің еден { $floor }: төбеге тұрамыз
       *[reachable] Оның бағасы { $rival }, біздің еден { $floor }: қолжетімді ең жақсы орынды аламыз
    }
reason-ABOVE_CEILING_SCENARIO = Бәсекелестер төбеден жоғары
reason-ABOVE_CEILING_SCENARIO-text =
    { $choice ->
        [hold] Төбе { $ceiling }: баға қалады
       *[ceiling] Төбеге тұрамыз { $ceiling }
    }
reason-FIRST_SCENARIO = Біз қазірдің өзінде біріншіміз
reason-FIRST_SCENARIO-text =
    { $choice ->
        [hold] Ереже бағаны қалдыруды айтады
       *[capture] Бағаны жақын бәсекелеске дейін көтереміз
    }
reason-NO_REACHABLE_PLACE = Озатын ешкім жоқ
reason-NO_REACHABLE_PLACE-text = Барлық бәсекелестер еденнен төмен
reason-NO_CEILING = Төбе қойылмаған
reason-NO_CEILING-text = Төбесіз робот бағаны көтермейді
reason-FOLLOW_CHAMPION = Карточкада басқа дүкеніміз бар
reason-FOLLOW_CHAMPION-text = { $champion } дүкені бастайды: біздің баға { $price } төмен емес
reason-FLOOR_REACHED = Еденде тоқтадық
reason-FLOOR_REACHED-text = { $floor } төмен түспейміз
reason-DOMINATED_PRICE = Арзанырақ баға да тиімді
reason-DOMINATED_PRICE-text = { $price } бағасы { $wanted } бағасынан кем әкелмейді
reason-OUTSIDE_SAFE_SET = Мақсат қауіпсіз бағалардан тыс
reason-OUTSIDE_SAFE_SET-text = { $wanted } қаладық, қауіпсіз баға { $price }
reason-ENDING = Соңын дөңгелектедік
reason-ENDING-text = { $wanted } орнына әдемі баға { $price }
reason-ALREADY_RIGHT = Баға қазірдің өзінде дұрыс
reason-ALREADY_RIGHT-text = { $price } қалады
reason-PLACE_HELD = Орын қазірдің өзінде біздікі
reason-PLACE_HELD-text = { $place }-орын { $price } бағасымен де сақталады
reason-MIN_MOVE = Өзгеріс тым аз
reason-MIN_MOVE-text = { $current } орнына { $price } болар еді, орын өзгермес еді
reason-DIRECTION_OFF = Бұл бағыт ережемен өшірілген
reason-DIRECTION_OFF-text = { $price } болар еді
reason-QUARANTINE = Тым күрт төмендеу
reason-QUARANTINE-text = Мақсат { $price } адамның шешімін күтеді
reason-RAISE_COOLDOWN = Алдыңғы өзгерістен кейін күтеміз
reason-RAISE_COOLDOWN-text = { $price } дейін кейін көтереміз
reason-CHANGES_PER_DAY = Бүгін өзгерістер жеткілікті
reason-CHANGES_PER_DAY-text = Мақсат { $price } ертеңге дейін күтеді
reason-STEP_LIMIT = Қадамды шектедік
reason-STEP_LIMIT-text = { $wanted } қаладық, бір жолға { $price } дейін болады
reason-ZONE_CROSSED = Тиімсіз бағалардан өттік
reason-ZONE_CROSSED-text = { $wanted } бағасында жеткізу қымбатырақ, сондықтан бірден { $price }
reason-DAY_LIMIT = Күндік өзгерісті шектедік
reason-DAY_LIMIT-text = Таңертең { $opening } болған, бүгін { $price } дейін болады
push-state-planned = Баға жіберуді күтуде
push-state-claimed = Баға жіберілуде
push-state-sent = Жіберілді, жауап күтудеміз
push-state-accepted = Қабылданды, кабинетті күтудеміз
push-state-accepted-late = Қабылданды, бірақ әдеттегіден ұзақ көрінуде
push-state-confirmed = Жібердік және кабинетте көрдік
push-state-rejected = Алаң бас тартты
push-state-unknown = Нәтижесі белгісіз, сөрені тексерудеміз
push-state-mismatch = Кабинетте басқа баға
push-state-removed = Жібергеннен кейін тауар сатылымнан алынды
push-state-superseded = Жаңа шешіммен ауыстырылды
push-state-expired = Жіберіп үлгермедік
push-state-held = Жіберу алдында ұсталды
push-sent-at = жіберілді { $time }
push-accepted-at = қабылданды { $time }
push-finished-at = аяқталды { $time }
push-public-at = сатып алушыларға көрінді { $time }
push-public-waits = сатып алушыларға әлі көрінбейді, қарап тұрмыз
push-public-unseen = сатып алушыларға көрсетілмеді
push-reason-unknown = коды { $code }
push-reason-above_ceiling = баға төбеден жоғары
push-reason-below_floor = баға еденнен төмен
push-reason-below_goal = бұл бағамен сату мақсаттан аз табыс әкеледі
push-reason-availabilities_stale = қойма деректері ескірген
push-reason-availabilities_unreadable = қойма деректері оқылмайды
push-reason-expired = шешім ескірді
push-reason-in_flight = баға жіберіліп жатыр
push-reason-lease_lost = жіберуді басқа процесс алды
push-reason-locked = тауар бұғатталған
push-reason-market_stale = бәсекелестер деректері ескірген
push-reason-no_ceiling = көтеруге төбе жоқ
push-reason-no_floor = еден қойылмаған
push-reason-no_price = баға көрсетілмеген
push-reason-no_sku = артикул жоқ
push-reason-too_late = тексеру мен жіберудің арасында тым көп уақыт өтті, баға жіберілмеді
push-reason-not_claimed = жіберу тоқтатылды
push-reason-not_found = жазба табылмады
push-reason-not_live = дүкен автобағалары қосылмаған
push-reason-not_on_sale = тауар сатылымда емес
push-reason-stopped = бағалар тоқтатылған
push-reason-program_too_old = бағдарламаның бұл нұсқасы ескірген: бағаны жаңасы жібереді
push-reason-changed_since = шешімнен кейін ереже, шек немесе шығын өзгерді: қайта шешеміз
push-reason-outside_collar = баға соңғы аптаның бағаларынан тым алыс: адам керек
push-reason-too_many_drops = тәулікте тым көп төмендету: тауардың автобағасы өшірілді
push-reason-store_frozen = алаң күтуді сұрайды
push-reason-store_not_connected = дүкен қосылмаған
push-reason-superseded = жаңа шешім бар
push-reason-marketplace_rejected = алаң бағаны қабылдамады
push-reason-never_applied = баға сөреде пайда болмады
push-reason-offer_removed = ұсыныс алынды
push-reason-offer_damaged = жібергеннен кейін беру нүктелері, қалдық немесе алдын ала тапсырыс күндері өзгерді
push-reason-worker_lost = процесс жіберу ортасында үзілді
push-reason-price_changed_outside = бағаны кабинетте өзгертті: қайта шешеміз
push-reason-other_price_seen = басқа баға көрінеді
push-reason-paused = сұраулар кідіртілген, баға жіберілмеді
push-reason-rate_limited = сұраулар тым көп
push-reason-session_expired = кабинетке кіру керек
