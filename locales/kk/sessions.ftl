# One's own sessions.
sessions-title = Сеанстар
sessions-lead = Панельге қай жерден кірдіңіз. Бейтаныс сеансты аяқтап, құпиясөзді ауыстырыңыз.
sessions-list = Сіздің сеанстарыңыз
sessions-device = Құрылғы
sessions-since = Кірген уақыты
sessions-seen = Соңғы сұрау
sessions-state = Күйі
sessions-own = осы сеанс
sessions-unknown = Белгісіз құрылғы
sessions-end-title = Сеанстарды аяқтау
sessions-end-text = Құпиясөзді енгізіп, тізімдегі сеанстың жанындағы «Аяқтау» түймесін басыңыз немесе осыдан басқасының бәрін бірден аяқтаңыз.
sessions-end = Аяқтау
sessions-end-others = Қалғандарының бәрін аяқтау
sessions-ended = Сеанс аяқталды: онда қайта кіру керек болады
sessions-others-ended = { $n ->
    [0] Басқа сеанстар болған жоқ
   *[other] { $n } сеанс аяқталды
  }
action-session_end = сеанстарды аяқтады
admin-action-end-sessions = Барлық сеансты аяқтау
