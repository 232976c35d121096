//! What is done to rows of a list: changes in place, actions on all that match, what was before brought back.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Tenge},
    schema::products,
};

use super::{panel, product};
use crate::support::{Answer, Client, TestApp};

fn stored(app: &TestApp, id: ProductId) -> (Option<Tenge>, Option<Tenge>, bool, i32) {
    products::table
        .find(id)
        .select((
            products::floor_tenge,
            products::ceiling_tenge,
            products::repricing_enabled,
            products::version,
        ))
        .first(&mut app.conn())
        .unwrap()
}

async fn send(client: &Client, path: &str, fields: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    client.post(path, &fields).await
}

#[tokio::test]
async fn fields_are_changed_in_the_list_and_what_is_refused_stays_typed() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let kettle = product(&app, store, "A", "Kettle", 9_000);
    let iron = product(&app, store, "B", "Iron", 9_000);
    let same = product(&app, store, "C", "Same", 9_000);
    let shown = root.get("/admin/products/").await.expect(200);
    assert_eq!(shown.count("main tbody input:not([name=ids])"), 0);
    let page = root.get("/admin/products/?edit=1").await.expect(200);
    let form = "main form[action='/admin/products/inline/']";
    let fields = |page: &Answer, typed: &[(ProductId, &str, &str)]| -> Vec<(String, String)> {
        let mut fields = page.form_fields(form);
        for (id, name, value) in typed {
            let name = format!("row.{id}.{name}");
            let field = fields
                .iter_mut()
                .find(|(known, _)| *known == name)
                .expect("an input");
            (*value).clone_into(&mut field.1);
        }
        fields
    };
    let target = "/admin/products/inline/";
    let typed = fields(
        &page,
        &[(kettle, "floor_tenge", "7 500"), (iron, "floor_tenge", "cheap")],
    );
    let answer = send(&root, target, &typed).await.expect(422);
    let (floor, ceiling, on, version) = stored(&app, kettle);
    assert_eq!((floor, on, version), (Some(Tenge(7_500)), true, 2));
    assert!(ceiling.is_some(), "what the list does not show stays");
    assert_eq!(stored(&app, iron).3, 1);
    assert_eq!(stored(&app, same).3, 1, "nothing was typed there");
    let wrong = format!("[name='row.{iron}.floor_tenge']");
    assert_eq!(answer.attribute(&wrong, "value"), "cheap");
    assert_eq!(answer.attribute(&wrong, "aria-invalid"), "true");

    // Somebody else was faster: both are shown, and saving once more is meant.
    let typed = fields(&answer, &[(iron, "floor_tenge", "6000")]);
    let faster = [
        ("version", "1"),
        ("floor_tenge", "6500"),
        ("repricing_enabled", "on"),
    ];
    root.post(&format!("/admin/products/{iron}/"), &faster)
        .await
        .expect(303);
    let answer = send(&root, target, &typed).await.expect(422);
    assert_eq!(answer.attribute(&wrong, "value"), "6000");
    assert!(
        answer.text("main tbody .err").contains("6500"),
        "{}",
        answer.text("main tbody")
    );
    assert_eq!(stored(&app, iron).0, Some(Tenge(6_500)));
    let typed = fields(&answer, &[]);
    send(&root, target, &typed).await.expect(303);
    assert_eq!(stored(&app, iron).0, Some(Tenge(6_000)));
    // The list to go back to may be anything that somebody sends.
    let back = root
        .post(target, &[("list", "?q=a\r\nSet-Cookie: b")])
        .await
        .expect(303);
    assert_eq!(back.location(), "/admin/products/?q=a%0D%0ASet-Cookie%3A+b");
}

#[tokio::test]
async fn an_action_on_all_that_match_is_counted_first_and_asked_again_when_they_are_others() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    for number in 0..30 {
        product(
            &app,
            store,
            &format!("K{number}"),
            &format!("Kettle {number}"),
            9_000,
        );
    }
    let iron = product(&app, store, "I", "Iron", 9_000);
    let list = root.get("/admin/products/?q=kettle&n=25").await.expect(200);
    let all = list.attribute("main input[name=all]", "value");
    let target = "/admin/products/actions/";
    let asked = [("action", "repricing-off"), ("all", all.as_str())];
    let question = root.post(target, &asked).await.expect(200);
    assert_eq!(question.attribute("main input[name=count]", "value"), "30");
    assert_eq!(question.count("main .rows li"), 20, "not all are named");
    product(&app, store, "K30", "Kettle 30", 9_000);
    let fields = question.form_fields("main form");
    let again = send(&root, target, &fields).await.expect(200);
    assert_eq!(again.attribute("main input[name=count]", "value"), "31");
    let on = |app: &TestApp| -> Vec<ProductId> {
        products::table
            .filter(products::repricing_enabled)
            .select(products::id)
            .load(&mut app.conn())
            .unwrap()
    };
    assert_eq!(on(&app).len(), 32, "a question changes nothing");
    send(&root, target, &again.form_fields("main form"))
        .await
        .expect(303);
    assert_eq!(on(&app), [iron]);
}

#[tokio::test]
async fn what_was_before_a_change_is_brought_back() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let id = product(&app, store, "A", "Kettle", 10_000);
    let path = format!("/admin/products/{id}/");
    let before = stored(&app, id);
    let change = [("version", "1"), ("floor_tenge", "7000"), ("ceiling_tenge", "")];
    root.post(&path, &change).await.expect(303);
    assert_eq!(stored(&app, id), (Some(Tenge(7_000)), None, false, 2));
    let history = root.get(&format!("{path}history/")).await.expect(200);
    let form = "main .hist form";
    assert_eq!(history.count(form), 1);
    let (target, fields) = (history.attribute(form, "action"), history.form_fields(form));
    send(&root, &target, &fields).await.expect(303);
    let (floor, ceiling, on, version) = stored(&app, id);
    assert_eq!((floor, ceiling, on, version), (before.0, before.1, before.2, 3));
    // The same page once more: the row is another one by now.
    let other = [("version", "3"), ("floor_tenge", "7100"), ("ceiling_tenge", "")];
    root.post(&path, &other).await.expect(303);
    send(&root, &target, &fields).await.expect(409);
    root.post(
        &format!("{path}history/00000000-0000-0000-0000-000000000000/"),
        &[("version", "4")],
    )
    .await
    .expect(404);
}
