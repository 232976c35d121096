//! Files of preorders on their way to the marketplace, and what it said of them.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{keyed, of_store},
    framework::{
        Cell, Choices, Column, Drill, Field, Filter, Form, Model, Section, Spec, queries, seek_by_key,
        sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{PreorderUploadId, StoreId, UploadState},
    schema::{preorder_uploads, stores},
};

/// The model.
pub struct PreorderUploads;

/// A field of its form.
type FormField = Field<PreorderUploads>;

/// A column of its list.
type Col = Column<PreorderUploads>;

/// An upload without its file.
#[derive(Queryable, Selectable)]
#[diesel(table_name = preorder_uploads, check_for_backend(Pg))]
pub struct Row {
    id: PreorderUploadId,
    file_name: String,
    #[diesel(select_expression = stores::name)]
    store: String,
    state: UploadState,
    lines: i32,
    file_id: Option<String>,
    failure: Option<String>,
    detail: Option<String>,
    sends: i32,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    preorder_uploads::table.inner_join(stores::table)
}

impl Model for PreorderUploads {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), preorder_uploads::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.file_name.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            filters: vec![Filter {
                name: "state",
                choices: Choices::Fixed(|| {
                    keyed(
                        "upload-state",
                        UploadState::ALL.iter().map(|state| state.as_str()),
                    )
                }),
                apply: |query, value, _| {
                    Some(query.filter(preorder_uploads::state.eq(value.parse::<UploadState>().ok()?)))
                },
            }],
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(preorder_uploads::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| {
                    query.filter(
                        preorder_uploads::created_at
                            .ge(from)
                            .and(preorder_uploads::created_at.lt(until)),
                    )
                },
            }),
            seek: seek_by_key!(preorder_uploads::id, PreorderUploadId),
            form: Form::shown(sections()),
            site_link: Some(|row| format!("/preorders/uploads/{}", row.id)),
            ..Spec::shown("preorder-uploads", "send", administrators)
        }
    }
}

fn state(row: &Row) -> Cell {
    let class = match row.state {
        UploadState::Applied => "ok",
        UploadState::AppliedPartly | UploadState::Unknown => "warn",
        UploadState::Failed => "bad",
        UploadState::Waiting | UploadState::Sending | UploadState::Processing => "info",
        UploadState::Cancelled => "ghost",
    };
    Cell::Badge(class, "upload", format!("upload-state-{}", row.state))
}

fn store(row: &Row) -> Cell {
    Cell::Text(row.store.clone())
}

fn columns() -> Vec<Column<PreorderUploads>> {
    vec![
        Col::start("file_name", |row| Cell::Text(row.file_name.clone())),
        Col::start("store", store).by(sort_by!(stores::name, preorder_uploads::id)),
        Col::start("state", state),
        Col::end("lines", |row| Cell::Number(row.lines.into())),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(preorder_uploads::created_at, preorder_uploads::id)),
    ]
}

fn sections() -> Vec<Section<PreorderUploads>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("file_name", |row| Cell::Text(row.file_name.clone())),
            FormField::Show("store", store),
            FormField::Show("state", state),
            FormField::Show("lines", |row| Cell::Number(row.lines.into())),
            FormField::Show("sends", |row| Cell::Number(row.sends.into())),
            FormField::Show("file_id", |row| Cell::code(row.file_id.as_deref())),
            FormField::Show("reason", |row| Cell::code(row.failure.as_deref())),
            FormField::Show("detail", |row| Cell::text(row.detail.as_deref())),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
            FormField::Show("sent_at", |row| Cell::when(row.sent_at)),
            FormField::Show("finished_at", |row| Cell::when(row.finished_at)),
        ],
    }]
}
