//! Checks of a declaration, with stable ids. The program does not start with a finding.

use super::{
    Field, Input, Model, Spec,
    params::{PER_PAGE, RESERVED},
    resource::{DELETE, input_names},
};

/// Something wrong with a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable, as `admin.E003`.
    pub id: &'static str,
    /// Model and what is wrong with it.
    pub sentence: String,
}

pub(super) fn findings<M: Model>(spec: &Spec<M>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut note = |wrong: bool, id: &'static str, what: String| {
        if wrong {
            let sentence = format!("{}: {what}", spec.slug);
            found.push(Finding { id, sentence });
        }
    };
    let good_slug =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || "-_".contains(c));
    note(
        !good_slug(spec.slug),
        "admin.E001",
        "the name in addresses is not plain".into(),
    );
    let (sort, _) = spec.default_sort;
    let sortable = spec.columns.iter().any(|c| c.name == sort && c.sort.is_some());
    note(
        !sortable,
        "admin.E002",
        format!("the default order {sort:?} is no sortable column"),
    );
    for name in narrowing(spec) {
        let clash = RESERVED.contains(&name) || !good_slug(name);
        note(clash, "admin.E003", format!("a filter cannot be called {name:?}"));
    }
    for (what, names) in [
        ("column", spec.columns.iter().map(|c| c.name).collect::<Vec<_>>()),
        ("filter", narrowing(spec)),
        ("field", fields(spec)),
        ("action", spec.actions.iter().map(|a| a.name).collect()),
    ] {
        if let Some(name) = duplicate(names) {
            note(true, "admin.E004", format!("two {what}s are called {name:?}"));
        }
    }
    let reserved = spec.actions.iter().any(|action| action.name == DELETE);
    note(reserved, "admin.E005", "`delete` is the built-in action".into());
    let blank = spec.search.as_ref().is_some_and(|search| search.index.is_empty());
    note(
        blank,
        "admin.E006",
        "the search does not say which index serves it".into(),
    );
    let inputs = input_names(spec).count();
    note(
        inputs > 0 && spec.form.save.is_none(),
        "admin.E007",
        "the form has inputs but cannot be saved".into(),
    );
    note(
        spec.form.save.is_some() && inputs == 0,
        "admin.E008",
        "the form can be saved but has no input".into(),
    );
    note(
        spec.form.adds && spec.form.save.is_none(),
        "admin.E009",
        "rows can be added but not saved".into(),
    );
    note(
        !PER_PAGE.contains(&spec.per_page),
        "admin.E010",
        format!("a page has one of {PER_PAGE:?} rows"),
    );
    note(
        spec.columns.is_empty(),
        "admin.E011",
        "the list has no column".into(),
    );
    let written = spec.form.save.is_some() || spec.delete.is_some() || !spec.actions.is_empty();
    note(
        written && spec.audit_kind.is_none(),
        "admin.E012",
        "it can be changed but has no word in the audit log".into(),
    );
    for name in &spec.inline {
        let shown = spec.columns.iter().any(|column| column.name == *name);
        let edited = spec.form.fields().any(|field| match field {
            // A row is found by typing, a secret has no place in a list.
            Field::Edit(_, Input::Row(_) | Input::Secret, _) => false,
            Field::Edit(known, ..) => known == name,
            _ => false,
        });
        note(
            !(shown && edited),
            "admin.E013",
            format!("{name:?} is to be changed in the list, but is no column with an input in the form"),
        );
    }
    found
}

/// Names of everything that narrows the list.
fn narrowing<M: Model>(spec: &Spec<M>) -> Vec<&'static str> {
    (spec.filters.iter().map(|filter| filter.name))
        .chain(spec.spans.iter().map(|span| span.name))
        .chain(spec.relations.iter().map(|relation| relation.name))
        .chain(spec.drill.iter().map(|drill| drill.name))
        .collect()
}

fn fields<M: Model>(spec: &Spec<M>) -> Vec<&'static str> {
    spec.form.fields().map(Field::name).collect()
}

pub(super) fn duplicate(mut names: Vec<&'static str>) -> Option<&'static str> {
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    })
}

/// A column, a filter and a field of one name share their label, in all models.
pub(super) fn text_keys<M: Model>(spec: &Spec<M>) -> Vec<String> {
    let slug = spec.slug;
    let names = (spec.columns.iter().map(|c| c.name))
        .chain(narrowing(spec))
        .chain(fields(spec));
    let mut keys: Vec<_> = names.map(|name| format!("admin-field-{name}")).collect();
    keys.push(format!("admin-{slug}"));
    keys.push(format!("admin-{slug}-one"));
    keys.extend(spec.search.iter().map(|_| format!("admin-{slug}-search")));
    keys.extend(spec.actions.iter().map(|a| format!("admin-action-{}", a.name)));
    keys.extend(
        spec.form
            .sections
            .iter()
            .map(|s| format!("admin-section-{}", s.name)),
    );
    keys.sort();
    keys.dedup();
    keys
}
