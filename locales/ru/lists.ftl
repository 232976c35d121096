# What lists and forms share.
views = Виды
apply = Применить
find = Найти
any-f = Любая
any-n = Любое
found = { $n ->
    [one] Найден { $n }
    [few] Найдено { $n }
   *[other] Найдено { $n }
  }
filters-clear = Сбросить фильтры
pager-label = Страницы
pager-previous = Назад
pager-next = Вперёд
pager-page = страница { $n }
pager-rows = { $from }–{ $to } из { $total }
pager-sizes = Строк на странице
form-errors = { $n ->
    [one] Не сохранено: исправьте { $n } поле
    [few] Не сохранено: исправьте { $n } поля
   *[other] Не сохранено: исправьте { $n } полей
  }
error-empty = Заполните это поле
error-too-long = Слишком длинный текст: сократите его
error-money-not-a-number = Введите сумму цифрами, например 12 480
error-money-fraction = Цена — целые тенге, без копеек и дробей
error-money-not-positive = Введите сумму больше нуля
error-time = Введите дату и время, например 23.11.2026 14:05
word-yes = да
word-no = нет
# Putting back what was changed a moment ago.
undo = Вернуть
undo-done-one = Прежние значения возвращены
undo-done = Прежние значения возвращены: { $n ->
    [one] { $n } товар
    [few] { $n } товара
   *[other] { $n } товаров
  }
undo-left = Осталось как есть.
undo-left-changed = { $name }: значения с тех пор изменились.
undo-left-changed-by = { $name }: с тех пор это изменил(а) { $who }.
undo-left-not-allowed = { $name }: прежние значения больше не подходят, задайте их вручную.
undo-left-gone = { $name }: товара больше нет или вам нельзя его менять.
undo-left-more = И ещё { $n ->
    [one] { $n } товар
    [few] { $n } товара
   *[other] { $n } товаров
  } — они видны в журнале.
