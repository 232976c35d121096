# Search over everything, the command box, the map of keys, what open pages hear.
search-title = Поиск по панели
search-lead = Разделы, магазины, товары и предзаказы. Ключ или точный артикул открывает страницу сразу.
search-box-field = Раздел, магазин, товар, артикул или ключ
search-box-placeholder = Раздел, магазин, товар, артикул…
search-submit = Найти
search-count = { $n ->
    [0] Ничего не найдено
    [one] Найдено: { $n }
   *[other] Найдено: { $n }
  }
search-nothing = Ничего не найдено
search-nothing-hint = Проверьте написание или введите часть названия, артикула или номера.
search-pages = Разделы
search-key = По ключу
search-all = Показать все
search-first = Показаны первые: { $n }
search-hint-move = выбрать
search-hint-open = открыть
search-hint-close = закрыть
close = Закрыть
keys-title = Горячие клавиши
keys-are-on = Одиночные клавиши включены и не мешают вводу в поля. Выключить их можно в меню профиля.
keys-are-off = Одиночные клавиши выключены: работают только сочетания с Ctrl и Alt. Включить их можно в меню профиля.
keys-everywhere = Везде
keys-lists = В списках
keys-go = Переходы
keys-box = Поиск по панели
keys-search = Поле поиска
keys-help = Эта подсказка
keys-close = Закрыть или отменить
keys-save = Сохранить форму
keys-stop = Страница остановки цен
keys-rows = Следующая и предыдущая строка
keys-open = Открыть строку
keys-edit = Изменить пол и потолок
keys-pick = Отметить строку
keys-bulk = Действия с отмеченными
keys-undo = Вернуть, как было
script-over = Сеанс завершён: страница больше не обновляется. Войдите снова, чтобы продолжить.
