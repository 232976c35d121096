# The second factor: its page, and the second step of signing in.
second-title = Второй шаг входа
second-lead = Кроме пароля панель спросит код из приложения на телефоне: с одним украденным паролем войти не получится
second-step-title = Код из приложения
second-step-lead = Пароль подошёл. Остался второй шаг: код, который сейчас показывает приложение.
second-step-back = Войти под другим именем
second-code = Код из приложения
second-code-hint = Шесть цифр, меняются каждые полминуты
second-first-code-hint = Шесть цифр, которые приложение показывает для kaspi-panel
second-code-wrong = Код не подходит. Дождитесь следующего и введите его: каждый код принимается один раз.
second-no-app = Телефона нет под рукой?
second-recovery = Запасной код
second-recovery-hint = Один из десяти кодов, которые вы сохранили, например abcd-efgh-ijkl-mnop-qrst-uvwx. Каждый действует один раз.
second-recovery-submit = Войти с запасным кодом
second-recovery-wrong = Запасной код не подходит или уже использован. Введите другой или попросите администратора выключить второй шаг.
second-recovered = { $n ->
    [0] Вы вошли с последним запасным кодом: создайте новые в разделе «Второй шаг входа».
    [one] Вы вошли с запасным кодом: остался { $n }.
    [few] Вы вошли с запасным кодом: осталось { $n }.
   *[other] Вы вошли с запасным кодом: осталось { $n }.
  }
second-password = Пароль панели
second-wrong-password = Пароль не подходит: введите пароль, с которым вы входите в панель
second-elsewhere = Состояние второго шага изменилось в другом окне: ничего не сделано
second-state-off = выключен
second-state-begun = ждёт первый код
second-state-on = включён
second-begin-title = Включить второй шаг
second-begin-text = Понадобится приложение для кодов: Google Authenticator, Aegis, 1Password или другое. Сначала введите пароль ещё раз.
second-begin = Включить
second-finish-title = Подключите приложение
second-scan = Откройте приложение для кодов и наведите камеру на рисунок.
second-qr = Рисунок с ключом для приложения
second-open-app = Открыть на этом телефоне
second-type-seed = Камеры нет? Введите в приложении ключ вручную (тип — по времени):
second-finish-text = Ключ показан один раз. Если он уже в приложении, введите код. Если нет — начните заново.
second-finish = Проверить код и включить
second-again-title = Ключа нет в приложении?
second-again-text = Прежний ключ станет недействительным, панель покажет новый.
second-again = Начать заново
second-on-title = Второй шаг включён
second-since = Включён
second-codes-left = Осталось запасных кодов
second-codes-title = Запасные коды
second-codes-text = Они нужны, если телефон потерян. Новые заменят все прежние.
second-codes = Создать новые
second-recovery-title = Сохраните запасные коды
second-recovery-text = Панель покажет их только сейчас. Распечатайте их или положите в менеджер паролей: каждый заменяет код из приложения один раз. Другие ваши сеансы закончены, если второй шаг только что включён.
second-off-title = Выключить второй шаг
second-off-text = Для входа снова будет достаточно пароля. Запасные коды перестанут действовать, другие ваши сеансы закончатся.
second-off = Выключить
second-is-off = Второй шаг выключен: для входа достаточно пароля
action-second_factor_begin = начал включать второй шаг входа
action-second_factor_on = включил второй шаг входа
action-second_factor_off = выключил второй шаг входа
action-second_factor_codes = создал новые запасные коды
action-second_factor_recover = вошёл с запасным кодом
admin-action-second-factor-off = Выключить второй шаг входа
admin-field-second_factor = Второй шаг входа
