//! The declarations are consistent and every text they need is there.

use super::*;

#[test]
fn the_declarations_have_no_finding() {
    assert_eq!(site().check(), Vec::new());
}

#[test]
fn a_wrong_declaration_is_found() {
    let findings = site().with::<stores::Stores>().check();
    assert!(
        findings.iter().any(|finding| finding.id == "admin.E000"),
        "{findings:?}"
    );
}
