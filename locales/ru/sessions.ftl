# One's own sessions.
sessions-title = Сеансы
sessions-lead = Где вы вошли в панель. Незнакомый сеанс закончите и смените пароль.
sessions-list = Ваши сеансы
sessions-device = Устройство
sessions-since = Вход
sessions-seen = Последний запрос
sessions-state = Состояние
sessions-own = этот сеанс
sessions-unknown = Неизвестное устройство
sessions-end-title = Закончить сеансы
sessions-end-text = Введите пароль и нажмите «Закончить» у сеанса в списке или закончите сразу все, кроме этого.
sessions-end = Закончить
sessions-end-others = Закончить все остальные
sessions-ended = Сеанс закончен: там придётся войти заново
sessions-others-ended = { $n ->
    [0] Других сеансов не было
    [one] Закончен { $n } сеанс
    [few] Закончено { $n } сеанса
   *[other] Закончено { $n } сеансов
  }
action-session_end = закончил сеансы
admin-action-end-sessions = Закончить все сеансы
