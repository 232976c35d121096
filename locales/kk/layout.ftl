# Frame of every page: header, navigation, footers.
skip-to-content = Мазмұнға өту
env-label = Орта
env-other-hosts = Оқу режимі: kaspi.kz орнына басқа мекенжайлар көрсетілген, нағыз дүкендерге әсер етпейді
brand-label = kaspi-panel, шолу
nav-label = Бөлімдер
nav-dashboard = Шолу
nav-stores = Дүкендер
nav-products = Тауарлар
nav-preorders = Алдын ала тапсырыстар
nav-jobs = Тапсырмалар
nav-log = Журнал
nav-manage = Басқару
nav-settings = Баптаулар
nav-admin = Әкімші
stores-all = Барлық дүкендер
stores-connect = Дүкен қосу
search-label = Панель бойынша іздеу
search-field = Панель бойынша іздеу: тауар, дүкен, бөлім
search-placeholder = Тауар, дүкен, бөлім…
robot-label = Автобағалар:
robot-live = жұмыс істеп тұр
robot-shadow = көлеңкеде
robot-unknown = сұралуда…
robot-off = өшірулі
robot-stopped = тоқтатылған
robot-partly-stopped = { $n ->
    [one] { $n } дүкенде тоқтатылған
   *[other] { $n } дүкенде тоқтатылған
  }
robot-some-stopped = жұмыс істейді, { $n } тоқтату
robot-who-why = Кім және неге
robot-stop = Тоқтату
header-jobs = { $n ->
    [0] Тапсырмалар: ештеңе орындалып жатқан жоқ
   *[other] Тапсырмалар: { $n } орындалып жатыр
  }
header-problems = Назар аударуды қажет етеді: { $n }
language-label = Тіл
language-short = KK
language-change = KK, тіл: қазақша. Ауыстыру
profile-label = Профиль: { $name }
theme-system = Жүйе тақырыбы
theme-light = Ашық тақырып
theme-dark = Қараңғы тақырып
keys-off = Жедел пернелерді өшіру
keys-on = Жедел пернелерді қосу
sign-out = Шығу
time-zone-note = Барлық беттердегі уақыт — Алматы (UTC+5)
to-dashboard = Шолуға
save = Сақтау
cancel = Бас тарту
refresh = Жаңарту
breadcrumbs = Жол
table-label = Кесте
never = әлі болған жоқ
word-floor = еден
word-ceiling = төбе
script-offline = Сервер жауап бермейді. Бет ескірген болуы мүмкін: байланыс қалпына келгенде жаңартыңыз.
script-copied = Көшірілді
products-count = { $n ->
    [one] { $n } тауар
   *[other] { $n } тауар
  }
stores-count = { $n ->
    [one] { $n } дүкен
   *[other] { $n } дүкен
  }
state-never = қосылмаған
state-connected = жұмыс істеп тұр
state-renewing = кіріп жатырмыз
state-needs_login = кіру керек
mode-off = өшірулі
mode-shadow = көлеңкеде
mode-live = жұмыс істеп тұр
