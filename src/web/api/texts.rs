//! Every sentence of the JSON API. They are Russian whatever the panel's language: clients compare them.

/// Neither token nor session.
pub const NO_CREDENTIALS: &str = "Учетные данные не были предоставлены.";
/// No such object, or not one of the caller's.
pub const NOT_FOUND: &str = "Страница не найдена.";
/// No such page of a list.
pub const BAD_PAGE: &str = "Неправильная страница";
/// A filter that wants true or false.
pub const BAD_BOOLEAN: &str = "Must be a valid boolean.";
/// The resource has no such method.
#[must_use]
pub fn method_not_allowed(method: &str) -> String {
    format!("Метод \"{method}\" не разрешен.")
}

/// A key that is no uuid.
#[must_use]
pub fn bad_uuid(text: &str) -> String {
    format!("Значение “{text}” не является верным UUID-ом.")
}

/// A word that is none of the allowed ones.
#[must_use]
pub fn bad_choice(text: &str) -> String {
    format!("Значения {text} нет среди допустимых вариантов.")
}

/// A field that must be there is not.
pub const REQUIRED: &str = "Обязательное поле.";
/// Nothing where something must be.
pub const NOT_NULL: &str = "Это поле не может быть пустым.";
/// No text.
pub const BAD_STRING: &str = "Not a valid string.";
/// No number.
pub const BAD_NUMBER: &str = "Введите правильное число.";
/// So long that it is no number.
pub const NUMBER_TOO_LONG: &str = "Слишком длинное значение.";
/// No address in the web.
pub const BAD_URL: &str = "Введите правильный URL.";
/// No moment.
pub const BAD_TIME: &str = "Неправильный формат datetime. Используйте один из этих форматов: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
/// A byte that no text in the database holds.
pub const NULL_BYTE: &str = "Данные содержат запрещённый символ: ноль-байт";
/// A price that is no whole number of tenge.
pub const NOT_WHOLE_TENGE: &str =
    "Цена указывается в тиынах и должна быть целым числом тенге: две последние цифры — нули.";
/// The same, where prices are in tenge.
pub const FRACTION_OF_TENGE: &str = "Цена должна быть целым числом тенге.";

/// A body that is no object.
#[must_use]
pub fn not_an_object(kind: &str) -> String {
    format!("Недопустимые данные. Ожидался dictionary, но был получен {kind}.")
}

/// A body in another form than JSON.
#[must_use]
pub fn unsupported_media_type(media_type: &str) -> String {
    format!("Неподдерживаемый тип данных \"{media_type}\" в запросе.")
}

/// A text of too many characters.
#[must_use]
pub fn too_long(max: usize) -> String {
    format!("Убедитесь, что это значение содержит не более {max} символов.")
}

/// A number that is too large.
#[must_use]
pub fn too_large(max: i64) -> String {
    format!("Убедитесь, что это значение меньше либо равно {max}.")
}

/// A number that is too small.
#[must_use]
pub fn too_small(min: i64) -> String {
    format!("Убедитесь, что это значение больше либо равно {min}.")
}

/// A decimal of too many digits.
#[must_use]
pub fn too_many_digits(max: usize) -> String {
    format!("Убедитесь, что в числе не больше {max} знаков.")
}

/// A decimal of too many digits behind the point.
#[must_use]
pub fn too_many_places(max: usize) -> String {
    format!("Убедитесь, что вы ввели не более {max} цифры после запятой.")
}

/// A decimal of too many digits before the point.
#[must_use]
pub fn too_many_whole_digits(max: usize) -> String {
    format!("Убедитесь, что вы ввели не более {max} цифр в целой части числа.")
}

/// A key of no object that the caller may see.
#[must_use]
pub fn unknown_key(key: &str) -> String {
    format!("Недопустимый первичный ключ \"{key}\" - объект не существует.")
}

/// A value that cannot be a key.
#[must_use]
pub fn bad_key_kind(kind: &str) -> String {
    format!("Некорректный тип. Ожидалось значение первичного ключа, получен {kind}.")
}

/// Fields that are together another object's already.
#[must_use]
pub fn not_unique(fields: &str) -> String {
    format!("Поля {fields} должны производить массив с уникальными значениями.")
}

/// Somebody else's `user_id`.
pub const OTHERS_USER: &str = "Можно указать только собственный user_id.";
/// A store does not change hands by the API.
pub const OWNER_FIXED: &str = "Владелец магазина здесь не меняется.";
/// A preorder belongs to its product.
pub const PREORDER_FIXED: &str = "Товар и магазин предзаказа не меняются: удалите его и создайте новый.";
/// A key that is empty or too long.
pub const BAD_IDEMPOTENCY_KEY: &str = "Заголовок Idempotency-Key: от 1 до 255 символов.";
/// The first request with the key is still being worked on.
pub const IDEMPOTENCY_RUNNING: &str = "Запрос с этим Idempotency-Key ещё выполняется. Повторите позже.";
/// The key belongs to another request.
pub const IDEMPOTENCY_OTHER: &str =
    "Этот Idempotency-Key уже использован с другим запросом. Возьмите новый ключ.";
/// Not the password of the one who asks.
pub const BAD_PASSWORD: &str = "Неверный пароль.";
/// A rule that cannot be read.
pub const BAD_RULE: &str = "Правило не прочитать: проверьте поля стратегии, фильтров, сценариев и движения.";
/// No list of keys.
pub const BAD_KEYS: &str = "Ожидался список идентификаторов товаров.";
