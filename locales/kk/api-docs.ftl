api-docs-title = JSON API
api-docs-lead = Кілт «Authorization: Token …» тақырыбымен беріледі. Тауарлар мен алдын ала тапсырыстардың бағасы тиынмен, қалғаны теңгемен.
api-docs-schema = OpenAPI 3.1 сипаттамасы
api-docs-groups = Бөлімдер
api-docs-query = Мекенжай параметрлері
api-docs-required = міндетті
api-docs-body = Сұраудың денесі
api-docs-answer = Жауап
