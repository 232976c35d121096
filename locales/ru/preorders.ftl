# Preorders: list, form, spreadsheet.
preorders-title = Предзаказы
preorders-new = Новый предзаказ
preorders-export = Excel
preorders-export-empty = В этом магазине нет предзаказов в работе: выгружать нечего.
preorders-export-incomplete = Файл не создан: у предзаказа «{ $name }» нет артикула или цены. Заполните их и повторите.
preorders-export-xml = Файл не создан: больше пяти складов помещаются только в XML-форму Kaspi.
preorders-none-title = Предзаказов пока нет
preorders-none-text = Предзаказ обещает покупателю товар через несколько дней. Выберите товар и срок.
preorders-list-label = Список предзаказов
preorders-filter-label = Фильтр предзаказов
preorders-search-label = Название, артикул или бренд
preorders-view-all = Все
preorders-view-processing = В работе
preorders-view-completed = Завершены
preorders-view-cancelled = Отменены
preorder-article = Артикул
preorder-name = Название
preorder-brand = Бренд
preorder-no-brand = Без бренда
preorder-price = Цена
preorder-own-price = как у товара
preorder-price-hint = Пусто — цена товара, сейчас { $price }
preorder-price-needed = Цена товара не известна: введите её здесь
preorder-pieces = Штук
preorder-days = Срок
preorder-days-field = Срок, дней
preorder-days-hint = От 0 до 30
preorder-changed = Изменён
preorder-what = Товар
preorder-terms = Цена и срок
preorder-points = Склады
preorder-points-hint = Сколько штук на каждом складе. «Да» — есть без точного числа, пусто — нет.
preorder-form = Предзаказ
preorder-status = Статус
preorder-complete = Завершить
preorder-cancel = Отменить предзаказ
preorder-reopen = Вернуть в работу
preorder-delete = Удалить предзаказ
preorder-delete-title = Удалить предзаказ?
preorder-delete-text = Вернуть его нельзя, запись останется в журнале.
preorder-saved = Предзаказ сохранён
preorder-deleted = Предзаказ удалён
preorder-choose = Выберите товар
preorder-to-product = к товару
preorder-conflict = Предзаказ изменили, пока вы правили
preorder-error-days = Срок — целое число дней от 0 до 30
preorder-error-exists = У этого товара уже есть предзаказ: откройте его в списке
preorder-error-price-low = Цена — не меньше 10 ₸
preorder-error-product-unknown = Такого товара нет: выберите другой
preorder-error-store-other = Товар продаётся в другом магазине
preorder-error-warehouses = Склады: введите число штук, «да» или оставьте пустым
days = { $n ->
    [one] { $n } день
    [few] { $n } дня
   *[other] { $n } дней
  }
