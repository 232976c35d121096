//! The user's own list of products: which columns it has, and addresses of it under names.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{NAMES, address_of_form, columns::Columns, params_of_form};
use crate::{
    app::{
        edit::EditError,
        saved_views::{
            NAME_MAX, SavedViewError, VIEWS_MAX, choose_columns, delete_view, open_with_view, rename_view,
            save_view,
        },
    },
    domain::SavedViewId,
    services::Services,
    store::saved_views::{PRODUCTS, SavedView, saved_view_list},
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        error::ErrorKind,
        filters,
        pages::{listing::Params, sign_in::refused},
        render::{html, see_other},
        session,
    },
};

/// Address of the page.
const PATH: &str = "/products/views";

/// The address of a saved list.
#[must_use]
pub(super) fn address_of(view: &SavedView) -> String {
    format!("/products?{}", view.query)
}

/// A name that was typed and cannot be taken.
struct Wrong {
    /// The view that was to be called so; none: the new one.
    id: Option<SavedViewId>,
    name: String,
    text: String,
}

#[derive(Template)]
#[template(path = "products/views.html")]
struct ViewsPage {
    shell: Shell,
    views: Vec<SavedView>,
    /// The list that can be saved.
    params: Params,
    wrong: Option<Wrong>,
}

impl ViewsPage {
    async fn load(shell: Shell, services: &Services, user: &CurrentUser, params: Params) -> WebResult<Self> {
        let id = user.id();
        let views = services
            .db
            .read(move |conn| saved_view_list(conn, id, PRODUCTS))
            .await?;
        Ok(Self {
            shell,
            views,
            params,
            wrong: None,
        })
    }

    fn address(&self, view: &SavedView) -> String {
        address_of(view)
    }

    fn longest(&self) -> usize {
        NAME_MAX
    }

    fn most(&self) -> i64 {
        VIEWS_MAX
    }

    fn is_full(&self) -> bool {
        i64::try_from(self.views.len()).is_ok_and(|views| views >= VIEWS_MAX)
    }

    /// Nobody's default: the list opens with everything.
    fn opens_with_all(&self) -> bool {
        !self.views.iter().any(|view| view.is_default)
    }

    /// What is wrong with the name of a view.
    fn wrong_with(&self, id: &SavedViewId) -> Option<&Wrong> {
        self.wrong.as_ref().filter(|wrong| wrong.id == Some(*id))
    }

    /// What is wrong with the name of the new one.
    fn wrong_with_new(&self) -> Option<&Wrong> {
        self.wrong.as_ref().filter(|wrong| wrong.id.is_none())
    }
}

/// `GET /products/views`: with the list's filters, to save it; without, to look after what was saved.
pub(super) async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let params = Params::read(&req, "/products", NAMES);
    html(&ViewsPage::load(shell, &services, &user, params).await?)
}

type Fields = Vec<(String, String)>;

fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    let found = form.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// `POST /products/views`: saves the list that the form repeats.
pub(super) async fn save(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Fields>,
) -> WebResult<HttpResponse> {
    let form = form.into_inner();
    let (id, params) = (user.id(), params_of_form(&form));
    let of = params.clone();
    let columns = services
        .db
        .read(move |conn| Columns::of(conn, id, &of))
        .await?
        .text();
    let query = params.query_with("columns", &columns);
    let (name, is_default) = (field(&form, "name"), !field(&form, "default").is_empty());
    match save_view(&services, (id, PRODUCTS), name, query, is_default).await {
        Ok(view) => {
            session::flash(&session, true, shell.t.with("view-saved", "name", &view.name))?;
            Ok(see_other(&address_of(&view)))
        }
        Err(error) => answer_wrong(shell, &services, &user, params, (None, name, error)).await,
    }
}

/// `POST /products/views/{id}`: another name.
pub(super) async fn rename(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Fields>,
) -> WebResult<HttpResponse> {
    let (id, form): (SavedViewId, _) = (path_id(&req)?, form.into_inner());
    let name = field(&form, "name");
    match rename_view(&services, user.id(), id, name).await {
        Ok(()) => {
            session::flash(&session, true, shell.t.get("view-renamed"))?;
            Ok(see_other(PATH))
        }
        Err(error) => {
            let params = Params::parse("", "/products", NAMES);
            answer_wrong(shell, &services, &user, params, (Some(id), name, error)).await
        }
    }
}

async fn answer_wrong(
    shell: Shell,
    services: &Services,
    user: &CurrentUser,
    params: Params,
    (id, name, error): (Option<SavedViewId>, &str, SavedViewError),
) -> WebResult<HttpResponse> {
    let EditError::Invalid(errors) = error else {
        return Err(error.into());
    };
    let mut page = ViewsPage::load(shell, services, user, params).await?;
    if id.is_some() && !page.views.iter().any(|view| Some(view.id) == id) {
        return Err(WebError::not_found());
    }
    let code = errors.first().map_or("error-empty", |error| error.code);
    let t = page.shell.t;
    page.wrong = Some(Wrong {
        id,
        name: name.to_owned(),
        text: t.with2(code, "n", NAME_MAX, "most", VIEWS_MAX),
    });
    refused(ErrorKind::Invalid, &page)
}

/// `POST /products/views/default`: the list opens with this view; without one, with everything.
pub(super) async fn set_default(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Fields>,
) -> WebResult<HttpResponse> {
    let wanted = match field(&form, "view") {
        "" => None,
        text => Some(text.parse().map_err(|_| WebError::not_found())?),
    };
    open_with_view(&services, (user.id(), PRODUCTS), wanted).await?;
    session::flash(&session, true, shell.t.get("view-default-set"))?;
    Ok(see_other(PATH))
}

/// `POST /products/views/{id}/delete`
pub(super) async fn delete(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    delete_view(&services, user.id(), path_id(&req)?).await?;
    session::flash(&session, true, shell.t.get("view-deleted"))?;
    Ok(see_other(PATH))
}

/// `POST /products/columns`: the columns that the user wants from now on.
pub(super) async fn choose(
    user: CurrentUser,
    services: web::Data<Services>,
    form: web::Form<Fields>,
) -> WebResult<HttpResponse> {
    let mut form = form.into_inner();
    let ticked = form.iter().filter(|(name, _)| name == "column");
    let words: Vec<&str> = ticked.map(|(_, word)| word.as_str()).collect();
    let columns = if form.iter().any(|(name, _)| name == "usual") {
        Columns::default()
    } else {
        Columns::among(&words)
    };
    choose_columns(&services, user.id(), columns.text()).await?;
    // The address says no other columns from now on.
    form.retain(|(name, _)| name != "columns");
    Ok(see_other(&address_of_form(&form)))
}
