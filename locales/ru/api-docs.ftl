api-docs-title = JSON API
api-docs-lead = Ключ передаётся заголовком «Authorization: Token …». Цены товаров и предзаказов — в тиынах, остальное — в тенге.
api-docs-schema = Описание OpenAPI 3.1
api-docs-groups = Разделы
api-docs-query = Параметры адреса
api-docs-required = обязательно
api-docs-body = Тело запроса
api-docs-answer = Ответ
