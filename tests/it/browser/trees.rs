//! What a screen reader finds: the tree of roles, names and states of eight pages, kept as text and compared, so that a
//! change of it is seen and read by a person; and what is said after an act, once.

use std::{collections::HashMap, fmt::Write as _, fs, path::Path};

use serde_json::{Value, json};

use super::{PATIENCE, accessible::furnish, accessible::sign_in};
use crate::support::{Browser, TestApp, wait_until};

/// What is told: roles that mean the same in every browser, of landmarks, of what is worked with and of tables. What else there
/// is changes its name from one version of the browser to the next.
const ROLES: &[&str] = &[
    "banner",
    "navigation",
    "main",
    "search",
    "region",
    "complementary",
    "dialog",
    "heading",
    "link",
    "button",
    "checkbox",
    "radio",
    "switch",
    "textbox",
    "searchbox",
    "combobox",
    "option",
    "spinbutton",
    "table",
    "row",
    "columnheader",
    "rowheader",
    "cell",
    "image",
    "status",
    "alert",
    "progressbar",
];
/// States that are told with an element.
const STATES: [&str; 9] = [
    "level", "checked", "expanded", "pressed", "disabled", "invalid", "required", "live", "modal",
];
/// Fields whose parts are the browser's own.
const WHOLE: [&str; 3] = ["Date", "DateTime", "InputTime"];

/// The tree of the page that the browser shows, a line for each element that a reader stops at.
async fn tree(browser: &Browser) -> String {
    let cdp = browser.tab.cdp();
    let told = cdp
        .send_raw("Accessibility.getFullAXTree", json!({}))
        .await
        .unwrap();
    let nodes: HashMap<&str, &Value> = told["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| (node["nodeId"].as_str().unwrap(), node))
        .collect();
    let root = told["nodes"][0]["nodeId"].as_str().unwrap();
    let mut text = String::new();
    tell(&nodes, root, (0, ""), &mut text);
    text
}

fn tell(nodes: &HashMap<&str, &Value>, id: &str, (depth, within): (usize, &str), text: &mut String) {
    let Some(node) = nodes.get(id) else { return };
    let role = match node["role"]["value"].as_str().unwrap_or_default() {
        "StaticText" => "text",
        role if role.starts_with("DisclosureTriangle") => "disclosure",
        role if WHOLE.contains(&role) => "field",
        role => role,
    };
    let name = node["name"]["value"].as_str().unwrap_or_default();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let ignored = node["ignored"].as_bool().unwrap_or_default();
    let told = match role {
        // A text that is the name of what it stands in is said once.
        "text" => !name.is_empty() && !within.contains(&name),
        "disclosure" | "field" => true,
        role => ROLES.contains(&role),
    };
    let mut inside = (depth, within);
    if told && !ignored {
        writeln!(text, "{}{role} \"{name}\"{}", "  ".repeat(depth), states(node)).unwrap();
        inside = (depth + 1, name.as_str());
    }
    if role == "field" {
        return;
    }
    for child in node["childIds"].as_array().into_iter().flatten() {
        tell(nodes, child.as_str().unwrap(), inside, text);
    }
}

fn states(node: &Value) -> String {
    let mut told = String::new();
    for property in node["properties"].as_array().into_iter().flatten() {
        let (name, value) = (property["name"].as_str().unwrap(), &property["value"]["value"]);
        let usual = [Value::Bool(false), "false".into(), "off".into()];
        if STATES.contains(&name) && !usual.contains(value) {
            write!(told, " {name}={}", value.to_string().trim_matches('"')).unwrap();
        }
    }
    told
}

#[tokio::test]
async fn screen_readers_find_what_they_found_before() {
    let mut app = TestApp::new();
    let things = furnish(&mut app).await;
    let panel = app.serve();
    let product = format!("/products/{}", things.product);
    let pages = [
        ("dashboard", "/"),
        ("stores", "/stores"),
        ("products", "/products"),
        ("product", product.as_str()),
        ("rules", "/rules"),
        ("preorders", "/preorders"),
        ("stop", "/stop"),
    ];
    let mut changed = String::new();
    Browser::run("trees", async |browser| {
        let mut compare = async |name: &str, page: &str| {
            let address = panel.join(page).unwrap();
            browser.tab.goto(address.as_str()).await.unwrap();
            let found = tree(browser).await;
            assert!(found.lines().count() > 10, "{name}: {found}");
            let known =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/browser/trees/{name}.txt"));
            if fs::read_to_string(&known).unwrap_or_default() != found {
                let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.txt"));
                fs::write(&place, found).unwrap();
                writeln!(
                    changed,
                    "{name} is read otherwise than {}: look at {}",
                    known.display(),
                    place.display()
                )
                .unwrap();
            }
        };
        compare("login", "/login").await;
        sign_in(browser, &panel, "askar").await;
        for (name, page) in pages {
            compare(name, page).await;
        }
    })
    .await;
    assert!(changed.is_empty(), "{changed}");
}

/// Keeps what readers are told of from now on: each text that comes into a place that speaks.
const LISTEN: &str = r#"
window.said = [];
const speaks = "[role=status], [role=alert], [aria-live]:not([aria-live=off]), output";
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const within = element?.closest?.(speaks);
    const text = node.textContent.replace(/\s+/g, " ").trim();
    if (within?.checkVisibility() && text) window.said.push(text);
    else for (const inner of element?.querySelectorAll?.(speaks) || []) if (inner.textContent.trim()) window.said.push(inner.textContent.replace(/\s+/g, " ").trim());
  }
}).observe(document.body, { childList: true, subtree: true, characterData: true });
"#;

#[tokio::test]
async fn what_was_saved_is_said_once() {
    let mut app = TestApp::new();
    furnish(&mut app).await;
    let panel = app.serve();
    Browser::run("said", async |browser| {
        sign_in(browser, &panel, "askar").await;
        browser
            .tab
            .goto(panel.join("/products").unwrap().as_str())
            .await
            .unwrap();
        browser.tab.execute(LISTEN, Vec::new()).await.unwrap();
        browser.click("#found a.cell-limits").await;
        browser.fill("tr.editing input[name=floor_tenge]", "9450").await;
        browser.click("tr.editing button[type=submit]").await;
        browser.find("#toasts .toast form").await;
        let said = wait_until("it is said", PATIENCE, || async {
            let said = browser
                .tab
                .execute("return window.said", Vec::new())
                .await
                .unwrap();
            let said: Vec<String> = said.convert().unwrap();
            if said.is_empty() { Err("nothing") } else { Ok(said) }
        })
        .await;
        assert_eq!(said.len(), 1, "{said:?}");
    })
    .await;
}
