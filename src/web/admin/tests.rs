//! Every text that a declaration needs is there, in each language.

use super::*;
use crate::{
    app::edit::FieldError,
    web::texts::{Language, Texts},
};

#[test]
fn every_declared_name_has_a_text() {
    let mut looked_at = 0;
    for resource in crate::admin::site().resources() {
        for key in resource.text_keys() {
            looked_at += 1;
            for language in Language::ALL {
                assert!(
                    Texts::new(language).has(&key),
                    "{}: no text {key}",
                    language.code()
                );
            }
        }
    }
    assert!(looked_at > 100, "only {looked_at} texts looked at");
}

#[test]
fn refusals_of_the_capabilities_keep_their_field_and_text() {
    let error = crate::app::edit::EditError::<()>::Invalid(vec![FieldError::new("name", "error-empty")]);
    let SaveError::Invalid(problems) = SaveError::from(error) else {
        panic!("an invalid form stays one");
    };
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].field.as_str(), problems[0].code.as_str()),
        ("name", "error-empty")
    );
}

#[test]
fn the_declarations_let_the_program_start() {
    assert!(models().is_ok());
}
