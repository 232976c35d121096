//! Names that are code, in every place where the marketplace, people or files give one: pages and parts of pages show them
//! as text.

use diesel::connection::SimpleConnection;
use kaspi_panel::{
    domain::Role,
    web::routes::{Kind, all},
};
use scraper::{Html, Selector};

use super::Things;
use crate::support::TestApp;

/// Each would make an element or an attribute of its own where it is not escaped, in text, in an attribute with either
/// quotes, in a script, a style, a comment or an address.
const HOSTILE: [&str; 12] = [
    "<x-pwned>",
    "\"><x-pwned onload=pwned()>",
    "'><x-pwned>",
    "\" onmouseover=\"pwned()",
    "' onfocus='pwned()' autofocus='",
    "</script><x-pwned>",
    "</title></textarea></style><x-pwned>",
    "--><x-pwned><!--",
    "<svg/onload=pwned()><x-pwned>",
    "&lt;x-pwned&gt;",
    "<img src=x onerror=pwned()>",
    "javascript:pwned()",
];

/// What a page shows that it should not.
fn injected(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let every = Selector::parse("*").unwrap();
    let mut found = Vec::new();
    for element in page.select(&every) {
        let name = element.value().name();
        if name == "x-pwned" {
            found.push(format!("<{name}>"));
        }
        for (attribute, value) in element.value().attrs() {
            let runs = attribute.starts_with("on")
                || (["href", "src", "action", "formaction", "hx-get", "hx-post"].contains(&attribute)
                    && value.trim_start().to_lowercase().starts_with("javascript:"));
            if runs {
                found.push(format!("<{name} {attribute}={value:?}>"));
            }
        }
    }
    found
}

#[tokio::test]
async fn hostile_names_are_shown_as_text_everywhere() {
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let conn = &mut app.conn();
    for (number, hostile) in HOSTILE.iter().enumerate() {
        let text = hostile.replace('\'', "''");
        // One payload in all names of the moment: products, stores, rules, people, uploads, runs, troubles, log.
        conn.batch_execute(&format!(
            "insert into products (id, store_id, kaspi_product_id, sku, card_id, name, brand, category, created_at, updated_at)
               values (gen_random_uuid(), '{store}', 'h{number} {text}', 'h{number} {text}', '10000{number}', '{text}', '{text}', '{text}', now(), now());
             insert into audit_log (id, at, actor_kind, actor_name, store_id, object_kind, object_name, action, before, after, reason, build_id)
               values (gen_random_uuid(), now(), 'person', '{text}', '{store}', 'product', '{text}', '{text}',
                 jsonb_build_object('name', '{text}'), jsonb_build_object('name', '{text}'), '{text}', '{text}');
             insert into job_runs (id, kind, store_id, state, failure, created_at, finished_at)
               values (gen_random_uuid(), 'sync_store', '{store}', 'failed', '{text}', now(), now());
             insert into kill_switches (id, scope, store_id, reason, stopped_by, stopped_at)
               values (gen_random_uuid(), 'store', '{store}', '{text}', '{text}', now());",
            store = things.store,
        ))
        .unwrap();
    }
    let text = HOSTILE[1].replace('\'', "''");
    conn.batch_execute(&format!(
        "update stores set name = '{text}'; update users set name = '{text}'; update products set name = '{text}' where sku = 'SKU-1';
         update preorders set name = '{text}', brand = '{text}'; update rules set name = '{text}'; update imports set file_name = '{text}', user_name = '{text}';"
    ))
    .unwrap();

    let seller = app.sign_in("askar").await;
    let admin = app.signed_in("admin", Role::Admin).await;
    let mut shown = 0;
    for client in [&seller, &admin] {
        for route in
            all().filter(|route| route.method == "GET" && matches!(route.kind, Kind::Page | Kind::Fragment))
        {
            if route.path == "/live" {
                continue;
            }
            let address = things.address(route);
            for answer in [client.get(&address).await, client.htmx().get(&address).await] {
                assert!(answer.status.as_u16() < 500, "{address}: {}", answer.status);
                let html = answer.body_text();
                // Files and redirects are no pages.
                if !html.trim_start().starts_with('<') {
                    continue;
                }
                assert_eq!(injected(&html), Vec::<String>::new(), "{address}");
                shown += usize::from(html.contains("x-pwned"));
            }
        }
    }
    // They were really there, escaped.
    assert!(shown > 40, "{shown}");
    // What is typed comes back as text, too.
    for hostile in HOSTILE {
        let typed: String = url::form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
        for address in [
            "/products?q=",
            "/search?q=",
            "/login?next=",
            "/log?object=",
            "/jobs?kind=",
            "/nothing?",
        ] {
            let html = admin.get(&format!("{address}{typed}")).await.body_text();
            assert_eq!(injected(&html), Vec::<String>::new(), "{address}{typed}");
        }
        let answer = seller
            .somebody_else()
            .post("/login", &[("email", hostile), ("password", hostile)])
            .await;
        assert_eq!(injected(&answer.body_text()), Vec::<String>::new(), "{hostile}");
    }
    assert_eq!(injected("<p><x-pwned>").len(), 1, "the check can fail");
    assert_eq!(injected("<a href=' JavaScript:pwned()' onclick=x>").len(), 2);
}
