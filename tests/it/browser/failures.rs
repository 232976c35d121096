//! Whatever may go wrong with a request of a part of a page, for each act that makes one: a message is seen, what was on
//! the page stays, and the same act works as soon as the answer comes.

use kaspi_panel::domain::{JobKind, Role};
use serde_json::json;
use thirtyfour::By;

use super::PATIENCE;
use crate::{
    pages::seed::db_decision,
    support::{
        Browser, Door, Failure, NewProduct, PASSWORD, TestApp, db_job_run, db_preorder, db_product, db_store,
        db_user, long, wait_until,
    },
};

/// A step of a person, or of the page itself.
enum Step {
    Click(&'static str),
    Fill(&'static str, &'static str),
    Run(&'static str),
    See(&'static str),
}
use Step::{Click, Fill, Run, See};

/// An act that asks for a part of a page.
struct Act {
    name: &'static str,
    page: &'static str,
    /// How its request begins.
    line: &'static str,
    before: &'static [Step],
    act: &'static [Step],
    /// What it takes besides to do it again.
    again: &'static [Step],
    /// What stays where the request fails.
    stays: &'static str,
    /// What is there where it does not.
    comes: &'static str,
}

const ACTS: &[Act] = &[
    Act {
        name: "search",
        page: "/products",
        line: "GET /products?",
        before: &[],
        act: &[Fill("#f-q", "iron")],
        again: &[],
        stays: "#found tbody tr:nth-child(2)",
        comes: "#found tbody tr:only-child",
    },
    Act {
        name: "search of preorders",
        page: "/preorders",
        line: "GET /preorders?",
        before: &[],
        act: &[Fill("#f-q", "nothing like it")],
        again: &[],
        stays: "#found tbody tr",
        comes: "#found .blank",
    },
    Act {
        name: "beginning to edit",
        page: "/products?q=kettle",
        line: "GET /products/",
        before: &[],
        act: &[Click("#found a.cell-limits")],
        again: &[],
        stays: "#found a.cell-limits",
        comes: "#found tr.editing",
    },
    Act {
        name: "saving",
        page: "/products?q=kettle",
        line: "POST /products/",
        before: &[Click("#found a.cell-limits")],
        act: &[
            Fill("tr.editing input[name=floor_tenge]", "{n}"),
            Click("tr.editing button[type=submit]"),
        ],
        again: &[],
        stays: "tr.editing input[name=floor_tenge]",
        comes: "#toasts form[action='/undo'] button",
    },
    Act {
        name: "giving up an edit",
        page: "/products?q=kettle",
        line: "GET /products/",
        before: &[
            Click("#found a.cell-limits"),
            See("tr.editing input[name=floor_tenge]"),
        ],
        act: &[Click("tr.editing [data-cancel]")],
        again: &[],
        stays: "tr.editing",
        comes: "#found a.cell-limits",
    },
    Act {
        name: "taking back",
        page: "/products?q=iron",
        line: "POST /undo",
        before: &[
            Click("#found a.cell-limits"),
            Click("tr.editing input[name=repricing_enabled]"),
            Click("tr.editing button[type=submit]"),
            See("#toasts form[action='/undo'] button"),
        ],
        act: &[Click("#toasts form[action='/undo'] button")],
        again: &[],
        stays: "#toasts form[action='/undo'] button",
        comes: "#toasts .toast:only-child > span:last-child",
    },
    Act {
        name: "why in the row",
        page: "/products?q=kettle",
        line: "GET /products/",
        before: &[],
        act: &[Click("#found .why-here > summary")],
        again: &[Click("#found .why-here > summary")],
        stays: "#found .why-here > summary",
        comes: "#found .why-here[open] ol li",
    },
    Act {
        name: "range of the chart",
        page: "/products/{product}",
        line: "GET /products/",
        before: &[],
        act: &[Click("#chart-30d")],
        again: &[],
        stays: "#chart-7d[aria-current]",
        comes: "#chart-30d[aria-current]",
    },
    Act {
        name: "what if",
        page: "/products/{product}",
        line: "GET /products/",
        before: &[],
        act: &[Fill("#try-floor", "8600"), Click("#try-go")],
        again: &[],
        stays: "#try-go",
        comes: "#try ol.why li",
    },
    Act {
        name: "command box",
        page: "/products",
        line: "GET /search",
        before: &[
            Run("document.querySelector('[data-dialog=box]').click()"),
            See("#box-found a[href='/stop']"),
        ],
        act: &[Fill("#box-q", "iron")],
        again: &[],
        stays: "#box-found a[href='/stop']",
        comes: "#box-found a[href^='/products/']",
    },
    Act {
        name: "asking how far work is",
        page: "/jobs/{job}",
        line: "GET /jobs/",
        before: &[],
        act: &[],
        again: &[],
        stays: "main .job progress",
        comes: "main .job progress",
    },
    Act {
        name: "asking for the header",
        page: "/products",
        line: "GET /live",
        before: &[],
        act: &[Run(
            "document.getElementById('live-poll').dispatchEvent(new Event('poll'))",
        )],
        again: &[],
        stays: "#robot",
        comes: "#robot",
    },
];

const SENTENCE: &str = "Так сейчас нельзя. Номер запроса 7.";
const FAILURES: &[Failure] = &[
    Failure::Sentence(422, SENTENCE),
    Failure::Sentence(409, SENTENCE),
    Failure::Sentence(429, SENTENCE),
    Failure::Sentence(500, SENTENCE),
    Failure::Page(502),
    Failure::Cut,
    Failure::Silent,
];

/// Is the message what is seen, and not covered by something?
const SEEN: &str = r#"
const note = document.getElementById("request-error");
if (!note) return "no message";
const box = note.getBoundingClientRect();
const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
return note.contains(over) ? note.textContent : `a message under ${over && over.outerHTML.slice(0, 200)}`;
"#;

async fn take(browser: &Browser, steps: &[Step], number: usize) {
    for step in steps {
        match step {
            Click(css) => browser.click(css).await,
            Fill(css, text) => {
                browser
                    .fill(css, &text.replace("{n}", &(8_400 + number).to_string()))
                    .await
            }
            Run(script) => {
                browser.tab.execute(*script, Vec::new()).await.unwrap();
            }
            See(css) => {
                browser.find(css).await;
            }
        }
    }
}

async fn told(browser: &Browser) -> String {
    let told = browser.tab.execute(SEEN, Vec::new()).await.unwrap();
    told.convert().unwrap()
}

async fn goes_wrong_and_then_right(
    (browser, door): (&Browser, &Door),
    (act, page): (&Act, &str),
    (failure, number): (Failure, usize),
) {
    let what = format!("{} and {failure:?}", act.name);
    browser
        .tab
        .goto(door.address().join(page).unwrap().as_str())
        .await
        .unwrap();
    take(browser, act.before, number).await;
    if failure == Failure::Silent {
        // Nobody waits for twenty seconds here.
        let soon = "htmx.config.timeout = 200";
        browser.tab.execute(soon, Vec::new()).await.unwrap();
    }
    door.fail(act.line, failure);
    take(browser, act.act, number).await;
    let sentence = match failure {
        Failure::Sentence(_, sentence) => sentence,
        _ => "Сервер не отвечает.",
    };
    wait_until(&what, PATIENCE, || async {
        let told = told(browser).await;
        if told.starts_with(sentence) {
            Ok(())
        } else {
            Err(told)
        }
    })
    .await;
    let stays = browser.tab.find(By::Css(act.stays)).await;
    assert!(stays.is_ok(), "{what}: {} is gone", act.stays);

    door.heal();
    let patient = "htmx.config.timeout = 20000";
    browser.tab.execute(patient, Vec::new()).await.unwrap();
    take(browser, act.again, number).await;
    take(browser, act.act, number).await;
    wait_until(&what, PATIENCE, || async {
        let told = told(browser).await;
        if told == "no message" { Ok(()) } else { Err(told) }
    })
    .await;
    browser.find(act.comes).await;
    // htmx tells the console of each answer that it could not use; of nothing else there was to tell.
    for complaint in browser.complaints().await {
        let of_htmx = complaint.contains("\"htmx:") || complaint.contains("Response Status Error Code");
        assert!(of_htmx, "{what}: {complaint}");
    }
}

#[tokio::test]
async fn a_request_that_fails_is_told_of_and_can_be_made_again() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let mut product = None;
    for (sku, name) in [("S-1", "Iron"), ("S-2", "Kettle")] {
        let new = NewProduct {
            sku,
            name,
            ..NewProduct::default()
        };
        let id = db_product(&mut conn, store, &new);
        db_decision(&mut conn, id, "30000001", &[("7001", 12_900)]);
        db_preorder(&mut conn, store, id, name);
        product = Some(id);
    }
    let product = product.unwrap().to_string();
    let job = db_job_run(&mut conn, JobKind::SyncStore, store, &json!({})).to_string();
    let door = Door::before(&app.serve()).await;

    Browser::run("failures", async |browser| {
        let login = door.address().join("/login").unwrap();
        browser.tab.goto(login.as_str()).await.unwrap();
        browser.fill("#email", "aigul@example.kz").await;
        browser.fill("#password", PASSWORD).await;
        browser.click("form[action='/login'] button[type=submit]").await;
        browser.find("nav a[href='/stores']").await;
        for (number, act) in ACTS.iter().enumerate() {
            let page = act.page.replace("{product}", &product).replace("{job}", &job);
            for (other, failure) in FAILURES.iter().enumerate() {
                // Each act meets one failure and each failure an act; the long form tries all of them.
                if long() || number % FAILURES.len() == other {
                    goes_wrong_and_then_right((browser, &door), (act, &page), (*failure, other)).await;
                }
            }
        }
    })
    .await;
}
