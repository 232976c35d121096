//! The second factor: from the first code to signing in with it, its recovery codes, guessing, and switching it off.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use kaspi_panel::{
    app::{
        second_factor::{GivenCode, second_step},
        sign_in::SignInError,
        user_accounts::set_password,
    },
    domain::{Actor, Role},
    schema::{alerts, audit_log, recovery_codes, second_factors, sign_in_attempts, users},
    secrets::{Secret, totp::recovery_code_hash},
    store::users::user_fetch_by_email,
};

use crate::support::{Answer, Client, PASSWORD, TestApp, code_at};

const PAGE: &str = "/profile/second-factor";

fn moment(app: &TestApp) -> DateTime<Utc> {
    app.services.now()
}

/// Switches it on for who is signed in; gives the seed and the recovery codes.
async fn switch_on(app: &TestApp, client: &Client) -> (String, Vec<String>) {
    let begun = client
        .post("/profile/second-factor/begin", &[("password", PASSWORD)])
        .await
        .expect(200);
    let seed = begun.text("#seed");
    let code = code_at(&seed, moment(app));
    let done = client
        .post("/profile/second-factor/finish", &[("code", &code)])
        .await
        .expect(200);
    client.forget_token();
    let codes = done.texts("#recovery code");
    assert_eq!(codes.len(), 10);
    (seed, codes)
}

/// A browser that has given the password and is asked for a code.
async fn at_second_step(app: &mut TestApp, name: &str) -> Client {
    let client = app.anonymous();
    let answer = client.sign_in(&format!("{name}@example.kz")).await.expect(303);
    assert_eq!(answer.location(), "/login/code?next=");
    client.get("/login/code").await.expect(200);
    // A page of the second step carries the token; the dashboard would lead to the login page.
    client
}

async fn send(client: &Client, with: &str, code: &str) -> Answer {
    let token = client
        .get("/login/code")
        .await
        .expect(200)
        .attribute("input[name=csrf_token]", "value");
    let name = if with == "app" { "code" } else { "recovery" };
    let fields = [("with", with), (name, code), ("csrf_token", token.as_str())];
    let answer = client.post_bare("/login/code", &fields).await;
    client.forget_token();
    answer
}

fn audited(app: &TestApp) -> Vec<String> {
    audit_log::table
        .filter(audit_log::action.like("second_factor%"))
        .order((audit_log::at, audit_log::id))
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap()
}

/// All that is written down in the clear, as one text.
fn written(app: &TestApp) -> String {
    type Json = Option<serde_json::Value>;
    let rows: Vec<(String, Json, Json, Option<String>)> = audit_log::table
        .select((
            audit_log::object_name,
            audit_log::before,
            audit_log::after,
            audit_log::reason,
        ))
        .load(&mut app.conn())
        .unwrap();
    let tries: Vec<String> = sign_in_attempts::table
        .select(sign_in_attempts::account)
        .load(&mut app.conn())
        .unwrap();
    format!("{rows:?} {tries:?}")
}

#[tokio::test]
async fn it_counts_once_a_first_code_was_typed() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Viewer).await;
    let elsewhere = app.sign_in("aigul").await;

    let wrong = client
        .post(
            "/profile/second-factor/begin",
            &[("password", "not the password")],
        )
        .await
        .expect(422);
    assert_eq!(wrong.page_links("[role=alert] a"), ["#password"]);
    assert_eq!(wrong.attribute("#password", "aria-invalid"), "true");
    assert!(wrong.text("head title").starts_with("Ошибка:"));
    let begun = client
        .post("/profile/second-factor/begin", &[("password", PASSWORD)])
        .await
        .expect(200);
    let seed = begun.text("#seed");
    let bare = seed.replace(' ', "");
    assert_eq!(bare.len(), 32, "160 bits");
    let address = begun.text("#address");
    assert!(
        address.starts_with("otpauth://totp/kaspi-panel:aigul%40example.kz?") && address.contains(&bare),
        "{address}"
    );
    assert_eq!(begun.count("svg.qr path[d^=M]"), 1);

    // Told once; and nothing counts yet.
    let page = client.get(PAGE).await.expect(200);
    assert!(!page.body_text().contains(&bare) && !page.body_text().contains(&seed));
    let wrong = client
        .post("/profile/second-factor/finish", &[("code", "12345")])
        .await
        .expect(422);
    assert_eq!(wrong.page_links("[role=alert] a"), ["#code"]);
    assert!(!wrong.body_text().contains(&bare) && !wrong.body_text().contains("12345"));
    app.sign_in("aigul").await.get("/").await.expect(200);

    let code = code_at(&seed, moment(&app));
    let done = client
        .post("/profile/second-factor/finish", &[("code", &code)])
        .await
        .expect(200);
    let codes = done.texts("#recovery code");
    assert_eq!(codes.len(), 10);
    client.forget_token();
    let page = client.get(PAGE).await.expect(200);
    assert_eq!(page.text("#codes-left"), "10");
    for code in &codes {
        assert!(!page.body_text().contains(code), "told once");
    }
    elsewhere.get("/").await.expect(303);

    // The code that switched it on is spent.
    let other = at_second_step(&mut app, "aigul").await;
    other.get("/").await.expect(303);
    send(&other, "app", &code).await.expect(422);
    app.advance(30).await;
    let next = code_at(&seed, moment(&app));
    assert_eq!(send(&other, "app", &next).await.expect(303).location(), "/");
    other.get("/").await.expect(200);
    client.get("/").await.expect(200);

    assert_eq!(audited(&app), ["second_factor_begin", "second_factor_on"]);
    let sealed: Option<Vec<u8>> = second_factors::table
        .select(second_factors::secret_sealed)
        .first(&mut app.conn())
        .unwrap();
    let sealed = sealed.unwrap();
    assert!(!sealed.windows(bare.len()).any(|part| part == bare.as_bytes()));
    let hashes: Vec<Vec<u8>> = recovery_codes::table
        .select(recovery_codes::code_hash)
        .load(&mut app.conn())
        .unwrap();
    for code in &codes {
        let hash = recovery_code_hash(&Secret::from(code.as_str())).unwrap();
        assert!(hashes.contains(&hash), "only its hash is kept");
        for part in code.split('-') {
            let kept = |hash: &Vec<u8>| hash.windows(part.len()).any(|some| some == part.as_bytes());
            assert!(!hash.is_empty() && !hashes.iter().any(kept), "{part}");
        }
    }
    let written = written(&app);
    for secret in codes.iter().chain([&bare, &seed, &code, &next]) {
        assert!(!written.contains(secret), "{written}");
    }
}

#[tokio::test]
async fn a_code_counts_at_its_time_and_once() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, _) = switch_on(&app, &client).await;
    app.advance(300).await;
    let one = at_second_step(&mut app, "aigul").await;
    let now = moment(&app);
    for far in [-120, -60, 60] {
        let code = code_at(&seed, now + TimeDelta::seconds(far));
        let refused = send(&one, "app", &code).await.expect(422);
        assert_eq!(refused.page_links("[role=alert] a"), ["#code"], "{far}");
        assert!(!refused.body_text().contains(&code), "{far}");
    }
    let present = code_at(&seed, now);
    let spaced = format!("{} {}", &present[..3], &present[3..]);
    send(&one, "app", &spaced).await.expect(303);
    one.get("/").await.expect(200);

    // Neither the same one again, nor an earlier one that still holds.
    let two = at_second_step(&mut app, "aigul").await;
    send(&two, "app", &present).await.expect(422);
    let earlier = code_at(&seed, now - TimeDelta::seconds(30));
    send(&two, "app", &earlier).await.expect(422);

    // Of two browsers that send one code at the same moment, one gets in.
    app.advance(30).await;
    let three = at_second_step(&mut app, "aigul").await;
    let code = code_at(&seed, moment(&app));
    let (a, b) = tokio::join!(send(&two, "app", &code), send(&three, "app", &code));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
}

#[tokio::test]
async fn a_recovery_code_opens_once_and_new_ones_void_the_old() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (_, codes) = switch_on(&app, &client).await;
    let one = at_second_step(&mut app, "aigul").await;
    // As people type it.
    let typed = codes[0].to_uppercase().replace('-', " ");
    send(&one, "recovery", &typed).await.expect(303);
    let page = one.get("/").await.expect(200);
    assert!(
        page.text(".note.flash").contains("осталось 9"),
        "{}",
        page.text(".note.flash")
    );
    assert_eq!(one.get(PAGE).await.text("#codes-left"), "9");

    let two = at_second_step(&mut app, "aigul").await;
    let refused = send(&two, "recovery", &codes[0]).await.expect(422);
    assert_eq!(refused.page_links("[role=alert] a"), ["#recovery"]);
    assert_eq!(refused.count("details[open] #recovery[aria-invalid]"), 1);
    assert!(!refused.body_text().contains(&codes[0]));
    // A recovery code is none of the app's, and the other way round.
    send(&two, "app", &codes[1]).await.expect(422);

    client
        .post(
            "/profile/second-factor/codes",
            &[("password", "not the password")],
        )
        .await
        .expect(422);
    let renewed = client
        .post("/profile/second-factor/codes", &[("password", PASSWORD)])
        .await
        .expect(200);
    let new = renewed.texts("#recovery code");
    assert_eq!(new.len(), 10);
    send(&two, "recovery", &codes[1]).await.expect(422);
    send(&two, "recovery", &new[0]).await.expect(303);
    assert_eq!(
        audited(&app),
        [
            "second_factor_begin",
            "second_factor_on",
            "second_factor_recover",
            "second_factor_codes",
            "second_factor_recover"
        ]
    );
    let written = written(&app);
    assert!(!codes.iter().chain(&new).any(|code| written.contains(code)));
}

#[tokio::test]
async fn another_persons_codes_open_nothing() {
    let mut app = TestApp::new();
    let aigul = app.signed_in("aigul", Role::Manager).await;
    let boris = app.signed_in("boris", Role::Manager).await;
    switch_on(&app, &aigul).await;
    let (seed, codes) = switch_on(&app, &boris).await;
    app.advance(60).await;
    let one = at_second_step(&mut app, "aigul").await;
    let code = code_at(&seed, moment(&app));
    send(&one, "app", &code).await.expect(422);
    send(&one, "recovery", &codes[0]).await.expect(422);
    assert_eq!(boris.get(PAGE).await.text("#codes-left"), "10");
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_and_the_password_is_not_remembered_for_long() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, codes) = switch_on(&app, &client).await;
    app.advance(60).await;
    let guesser = at_second_step(&mut app, "aigul").await;
    for _ in 0..5 {
        send(&guesser, "app", "000000").await.expect(422);
        send(&guesser, "recovery", "abcd-efgh-ijkl-mnop-qrst-uvwx")
            .await
            .expect(422);
    }
    let right = code_at(&seed, moment(&app));
    let refused = send(&guesser, "app", &right).await.expect(429);
    assert_eq!(refused.header("retry-after"), "900");
    send(&guesser, "recovery", &codes[0]).await.expect(429);
    // Ten minutes after the password the second step is over.
    app.advance(600).await;
    assert_eq!(guesser.get("/login/code").await.expect(303).location(), "/login");
    app.advance(301).await;
    let again = at_second_step(&mut app, "aigul").await;
    let right = code_at(&seed, moment(&app));
    send(&again, "app", &right).await.expect(303);
}

#[tokio::test]
async fn nobody_without_the_password_uses_up_the_tries_of_the_second_step() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, _) = switch_on(&app, &client).await;
    app.advance(60).await;
    let one = at_second_step(&mut app, "aigul").await;
    send(&one, "app", "000000").await.expect(422);
    let account: String = sign_in_attempts::table
        .filter(
            sign_in_attempts::account
                .like("%ODE of%")
                .or(sign_in_attempts::account.like("code of%")),
        )
        .filter(sign_in_attempts::succeeded.eq(false))
        .select(sign_in_attempts::account)
        .first(&mut app.conn())
        .unwrap();
    // Somebody who knows the name of the count types it as his e-mail.
    let stranger = app.anonymous();
    for typed in [account.clone(), account.to_uppercase(), format!(" {account} ")] {
        for _ in 0..4 {
            let fields = [("email", typed.as_str()), ("password", "not the password")];
            let refused = stranger.post("/login", &fields).await;
            assert_ne!(refused.status, 303);
        }
    }
    let failed: i64 = sign_in_attempts::table
        .filter(sign_in_attempts::account.eq(&account))
        .filter(sign_in_attempts::succeeded.eq(false))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(failed, 1);
    send(&one, "app", &code_at(&seed, moment(&app))).await.expect(303);
}

#[tokio::test]
async fn guesses_from_many_addresses_are_counted_together() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, _) = switch_on(&app, &client).await;
    app.advance(60).await;
    let user = user_fetch_by_email(&mut app.conn(), "aigul@example.kz")
        .unwrap()
        .unwrap();
    let step = async |code: &str, address: String| {
        let given = GivenCode::OfApp(Secret::from(code));
        second_step(&app.services, &user, given, &address).await
    };
    for number in 0..20 {
        let refused = step("000000", format!("203.0.113.{number}")).await;
        assert!(
            matches!(refused, Err(SignInError::Wrong)),
            "{number}: {refused:?}"
        );
    }
    let right = code_at(&seed, moment(&app));
    let refused = step(&right, "198.51.100.1".to_owned()).await;
    assert!(matches!(refused, Err(SignInError::TooMany { .. })), "{refused:?}");
}

#[tokio::test]
async fn guessing_on_and_on_closes_the_second_step_for_a_day_and_is_told() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, _) = switch_on(&app, &client).await;
    let user = |app: &TestApp| {
        user_fetch_by_email(&mut app.conn(), "aigul@example.kz")
            .unwrap()
            .unwrap()
    };
    let told = |app: &TestApp| -> (i64, i64) {
        let audited = audited(app);
        let guessed = audited.iter().filter(|action| *action == "second_factor_guessed");
        let raised = alerts::table.filter(alerts::kind.eq("codes_guessed")).count();
        (
            guessed.count().try_into().unwrap(),
            raised.get_result(&mut app.conn()).unwrap(),
        )
    };
    let step = async |app: &TestApp, code: &str, address: String| {
        let given = GivenCode::OfApp(Secret::from(code));
        second_step(&app.services, &user(app), given, &address).await
    };
    for tries in [20, 20, 10] {
        app.advance(901).await;
        assert_eq!(told(&app), (0, 0));
        for number in 0..tries {
            let refused = step(&app, "000000", format!("203.0.113.{number}")).await;
            assert!(matches!(refused, Err(SignInError::Wrong)), "{refused:?}");
        }
    }
    assert_eq!(told(&app), (1, 1));
    app.advance(901).await;
    let refused = step(&app, &code_at(&seed, moment(&app)), "198.51.100.1".to_owned()).await;
    let Err(SignInError::TooMany { after }) = refused else {
        panic!("{refused:?}");
    };
    // A day after the first of the fifty, which came two rounds ago.
    assert_eq!(after, 24 * 3600 - 3 * 901);
    // The log names the user to administrators, the alert to nobody.
    let root = app.signed_in("root", Role::Admin).await;
    assert!(root.get("/log").await.body_text().contains("закрыл второй шаг"));
    let page = client.get("/alerts").await.expect(200);
    assert!(page.body_text().contains("подбирает код") && !page.text("main").contains("aigul@"));

    // With a new password who guessed is out, and its owner gets in.
    let new = Secret::from("another long password");
    set_password(&app.services, &Actor::system(), "aigul@example.kz", new)
        .await
        .unwrap();
    let right = step(&app, &code_at(&seed, moment(&app)), "198.51.100.1".to_owned()).await;
    right.unwrap();
}

#[tokio::test]
async fn without_the_password_there_is_no_second_step() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, _) = switch_on(&app, &client).await;
    app.advance(60).await;
    let nobody = app.anonymous();
    assert_eq!(nobody.get("/login/code").await.expect(303).location(), "/login");
    let code = code_at(&seed, moment(&app));
    let fields = [("with", "app"), ("code", code.as_str())];
    assert_eq!(
        nobody.post("/login/code", &fields).await.expect(303).location(),
        "/login"
    );
    nobody.get("/").await.expect(303);

    // A password that was changed between the two steps begins anew.
    let between = at_second_step(&mut app, "aigul").await;
    let new = Secret::from("another long password");
    set_password(&app.services, &Actor::system(), "aigul@example.kz", new)
        .await
        .unwrap();
    assert_eq!(between.get("/login/code").await.expect(303).location(), "/login");
}

#[tokio::test]
async fn where_people_wanted_to_go_survives_the_second_step_but_only_here() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (_, codes) = switch_on(&app, &client).await;
    for (number, (next, lands)) in [("/stores?x=1", "/stores?x=1"), ("//evil.example", "/")]
        .into_iter()
        .enumerate()
    {
        let client = app.anonymous();
        let fields = [
            ("email", "aigul@example.kz"),
            ("password", PASSWORD),
            ("next", next),
        ];
        let step = client.post("/login", &fields).await.expect(303).location();
        let page = client.get(&step).await.expect(200);
        let kept = page.form_fields("form");
        let mut fields: Vec<(&str, &str)> = kept
            .iter()
            .filter(|(name, _)| name == "next" || name == "csrf_token")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.extend([("with", "recovery"), ("recovery", codes[number].as_str())]);
        let answer = client.post_bare("/login/code", &fields).await.expect(303);
        assert_eq!(answer.location(), lands);
    }
}

#[tokio::test]
async fn its_owner_switches_it_off_with_the_password() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, codes) = switch_on(&app, &client).await;
    app.advance(60).await;
    let other = at_second_step(&mut app, "aigul").await;
    send(&other, "app", &code_at(&seed, moment(&app)))
        .await
        .expect(303);

    let wrong = client
        .post("/profile/second-factor/off", &[("password", "not the password")])
        .await
        .expect(422);
    assert_eq!(wrong.page_links("[role=alert] a"), ["#off-password"]);
    client
        .post("/profile/second-factor/off", &[("password", PASSWORD)])
        .await
        .expect(303);
    client.forget_token();
    client.get(PAGE).await.expect(200);
    other.get("/").await.expect(303);
    app.sign_in("aigul").await.get("/").await.expect(200);
    let left: i64 = recovery_codes::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(left, 0);
    assert_eq!(audited(&app).last().unwrap(), "second_factor_off");

    // Switched on anew it has another seed and other codes.
    let (new_seed, new_codes) = switch_on(&app, &client).await;
    assert_ne!(seed, new_seed);
    assert!(new_codes.iter().all(|code| !codes.contains(code)));
}

#[tokio::test]
async fn an_administrator_switches_it_off_for_who_has_lost_it() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    switch_on(&app, &client).await;
    let root = app.signed_in("root", Role::Admin).await;
    let id: uuid::Uuid = users::table
        .filter(users::email.eq("aigul@example.kz"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    let id = id.to_string();
    let fields = [
        ("action", "second-factor-off"),
        ("ids", id.as_str()),
        ("confirmed", "yes"),
    ];
    client.post("/admin/users/actions/", &fields).await.expect(403);
    root.post("/admin/users/actions/", &fields[..2]).await.expect(200);
    client.get("/").await.expect(200);
    root.post("/admin/users/actions/", &fields).await.expect(303);
    client.get("/").await.expect(303);
    app.sign_in("aigul").await.get("/").await.expect(200);
    let (who, whom): (String, String) = audit_log::table
        .filter(audit_log::action.eq("second_factor_off"))
        .select((audit_log::actor_name, audit_log::object_name))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!((who.as_str(), whom.as_str()), ("root", "aigul@example.kz"));

    // The last administrator has the command line.
    let root = app.sign_in("root").await;
    switch_on(&app, &root).await;
    let run = |app: &TestApp| {
        app.program(&["user", "second-factor-off", "--email", "root@example.kz"])
            .output()
            .unwrap()
    };
    assert!(run(&app).status.success());
    root.get("/").await.expect(303);
    app.sign_in("root").await.get("/").await.expect(200);
    let again = run(&app);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("no second factor"));
}

#[tokio::test]
async fn with_the_seed_given_up_recovery_codes_still_open() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let (seed, codes) = switch_on(&app, &client).await;
    // What `secrets forget` does when the key is lost.
    diesel::update(second_factors::table)
        .set(second_factors::secret_sealed.eq(None::<Vec<u8>>))
        .execute(&mut app.conn())
        .unwrap();
    app.advance(60).await;
    let one = at_second_step(&mut app, "aigul").await;
    send(&one, "app", &code_at(&seed, moment(&app))).await.expect(422);
    send(&one, "recovery", &codes[3]).await.expect(303);
}
