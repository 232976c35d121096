# Search over everything, the command box, the map of keys, what open pages hear.
search-title = Панель бойынша іздеу
search-lead = Бөлімдер, дүкендер, тауарлар және алдын ала тапсырыстар. Кілт немесе дәл артикул бетті бірден ашады.
search-box-field = Бөлім, дүкен, тауар, артикул немесе кілт
search-box-placeholder = Бөлім, дүкен, тауар, артикул…
search-submit = Табу
search-count = { $n ->
    [0] Ештеңе табылмады
    [one] Табылғаны: { $n }
   *[other] Табылғаны: { $n }
  }
search-nothing = Ештеңе табылмады
search-nothing-hint = Жазылуын тексеріңіз немесе атаудың, артикулдың не нөмірдің бір бөлігін енгізіңіз.
search-pages = Бөлімдер
search-key = Кілт бойынша
search-all = Барлығын көрсету
search-first = Алғашқылары көрсетілген: { $n }
search-hint-move = таңдау
search-hint-open = ашу
search-hint-close = жабу
close = Жабу
keys-title = Жедел пернелер
keys-are-on = Жеке пернелер қосулы және өрістерге жазуға кедергі келтірмейді. Оларды профиль мәзірінен өшіруге болады.
keys-are-off = Жеке пернелер өшірулі: тек Ctrl және Alt тіркесімдері жұмыс істейді. Оларды профиль мәзірінен қосуға болады.
keys-everywhere = Барлық жерде
keys-lists = Тізімдерде
keys-go = Өту
keys-box = Панель бойынша іздеу
keys-search = Іздеу өрісі
keys-help = Осы анықтама
keys-close = Жабу немесе бас тарту
keys-save = Нысанды сақтау
keys-stop = Бағаларды тоқтату беті
keys-rows = Келесі және алдыңғы жол
keys-open = Жолды ашу
keys-edit = Еден мен төбені өзгерту
keys-pick = Жолды белгілеу
keys-bulk = Белгіленгендермен әрекеттер
keys-undo = Бұрынғы қалпына келтіру
script-over = Сеанс аяқталды: бет енді жаңартылмайды. Жалғастыру үшін қайта кіріңіз.
