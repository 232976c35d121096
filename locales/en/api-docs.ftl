api-docs-title = JSON API
api-docs-lead = The key goes in the header “Authorization: Token …”. Prices of products and preorders are in tiyn, all else in tenge.
api-docs-schema = OpenAPI 3.1 description
api-docs-groups = Groups
api-docs-query = Query parameters
api-docs-required = required
api-docs-body = Request body
api-docs-answer = Answer
