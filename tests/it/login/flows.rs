//! What people go through, by both ways: codes by SMS and mail, waiting times, choices. Each case is one
//! function; the macro runs it with a browser and without one.

use chrono::TimeDelta;
use kaspi_panel::app::connect_store::{
    cancel_attempt, choose_merchant, merchants_of, resend_code, sms_start, sms_verify, verify_code,
};
use kaspi_panel::domain::JobState;

use super::*;

by_both_ways!(
    a_wrong_code_and_then_the_right_one_is_one_login,
    a_code_that_the_marketplace_let_expire_starts_again,
    too_many_wrong_codes_block_the_account_for_everybody,
    asking_for_codes_too_often_shows_the_waiting_time,
    a_code_is_sent_once_more_when_its_gap_is_over,
    a_mailed_code_is_asked_once_and_not_of_a_known_device,
    the_login_lets_a_person_choose_a_merchant,
    an_unknown_number_is_told_at_once,
    what_the_account_lacks_is_told_apart,
);

fn code(text: &str) -> Secret {
    Secret::from(text)
}

async fn begin_by_phone(app: &TestApp, actor: &Actor) -> (AttemptId, Running) {
    let id = sms_start(&app.services, actor, PHONE, None).await.unwrap();
    let running = Running::newest(app);
    until(app, id, AttemptState::SmsCode).await;
    (id, running)
}

async fn a_wrong_code_and_then_the_right_one_is_one_login(app: TestApp) {
    account(&app, json!({})).await;
    let (owner, actor) = person(&app, "aigul");
    let (_, stranger) = person(&app, "bolat");
    let (id, running) = begin_by_phone(&app, &actor).await;
    let waiting = attempt(&app, id);
    assert_eq!(waiting.login, "+77000000001");
    assert!(waiting.resend_at.is_some_and(|at| at > app.services.now()));

    let foreign = sms_verify(&app.services, &stranger, id, &code(SMS_CODE)).await;
    assert!(matches!(foreign, Err(ConnectError::NotFound)), "{foreign:?}");
    let invalid = sms_verify(&app.services, &actor, id, &code("12 ab")).await;
    assert!(matches!(invalid, Err(ConnectError::Invalid(_))), "{invalid:?}");
    sms_verify(&app.services, &actor, id, &code("000 000"))
        .await
        .unwrap();
    let again = until(&app, id, AttemptState::SmsCode).await;
    assert_eq!(
        (again.wrong_answers, again.answer_sealed),
        (1, None),
        "told, and wiped"
    );
    sms_verify(&app.services, &actor, id, &code(SMS_CODE))
        .await
        .unwrap();
    let canary = dump(&app, "connection_attempts");
    assert!(!canary.contains(SMS_CODE) && !canary.contains(&hex(SMS_CODE)));

    assert_eq!(running.ended().await, Ok(()));
    let done = attempt(&app, id);
    let store = only_store(&app);
    assert_eq!((done.state, done.store_id), (AttemptState::Done, Some(store.id)));
    assert_eq!(
        (store.owner_id, store.session_state),
        (owner, SessionState::Connected)
    );
    let session = session_of(&app.services, store.id).await.unwrap();
    assert_eq!(
        app.services.kaspi.merchants(&session).await.unwrap()[0].id,
        "30000001"
    );
    let late = sms_verify(&app.services, &actor, id, &code(SMS_CODE)).await;
    assert!(matches!(late, Err(ConnectError::NotFound)), "{late:?}");
}

async fn a_code_that_the_marketplace_let_expire_starts_again(app: TestApp) {
    account(&app, json!({})).await;
    let (_, actor) = person(&app, "aigul");
    let (id, running) = begin_by_phone(&app, &actor).await;
    app.market.advance(601).await;
    sms_verify(&app.services, &actor, id, &code(SMS_CODE))
        .await
        .unwrap();
    assert_eq!(running.ended().await, Err(JobError::Fail("code_expired")));
    assert_eq!(attempt(&app, id).state, AttemptState::CodeExpired);

    // Nobody typed anything: the wait ends with the life of the code.
    let (id, running) = begin_by_phone(&app, &actor).await;
    app.advance(601).await;
    assert_eq!(running.ended().await, Err(JobError::Fail("code_expired")));
    assert_eq!(attempt(&app, id).state, AttemptState::CodeExpired);
}

async fn too_many_wrong_codes_block_the_account_for_everybody(app: TestApp) {
    account(&app, json!({})).await;
    let (_, actor) = person(&app, "aigul");
    let (_, other) = person(&app, "bolat");
    let (id, running) = begin_by_phone(&app, &actor).await;
    for wrong in 1..=2 {
        sms_verify(&app.services, &actor, id, &code("000000"))
            .await
            .unwrap();
        wait_until("the wrong code", PATIENCE, || async {
            let found = attempt(&app, id);
            let told = found.state == AttemptState::SmsCode && found.wrong_answers == wrong;
            if told { Ok(()) } else { Err(found.wrong_answers) }
        })
        .await;
    }
    sms_verify(&app.services, &actor, id, &code("000000"))
        .await
        .unwrap();
    assert_eq!(running.ended().await, Err(JobError::Fail("blocked")));
    let ended = attempt(&app, id);
    let until = ended.blocked_until.unwrap();
    assert_eq!(
        until,
        app.services.now() + TimeDelta::seconds(75),
        "with a margin"
    );

    for who in [&actor, &other] {
        let early = sms_start(&app.services, who, PHONE, None).await;
        assert!(
            matches!(early, Err(ConnectError::Blocked { until: told }) if told == until),
            "{early:?}"
        );
    }
    app.advance(76).await;
    let (_, running) = begin_by_phone(&app, &actor).await;
    drop(running);
}

async fn asking_for_codes_too_often_shows_the_waiting_time(app: TestApp) {
    account(&app, json!({})).await;
    let (_, actor) = person(&app, "aigul");
    let (id, running) = begin_by_phone(&app, &actor).await;
    let twice = sms_start(&app.services, &actor, PHONE, None).await;
    assert!(
        matches!(twice, Err(ConnectError::AlreadyRunning { attempt: Some(open) }) if open == id),
        "{twice:?}"
    );
    cancel_attempt(&app.services, &actor, id).await.unwrap();
    assert!(running.ended().await.is_err());
    assert_eq!(attempt(&app, id).state, AttemptState::Cancelled);
    let job: JobState = job_runs::table
        .select(job_runs::state)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(job, JobState::Cancelled, "called off is no failure");

    let id = sms_start(&app.services, &actor, PHONE, None).await.unwrap();
    assert_eq!(run(&app).await, Err(JobError::Fail("blocked")));
    let wait = attempt(&app, id).blocked_until.unwrap() - app.services.now();
    assert!((60..=75).contains(&wait.num_seconds()), "{wait}");
}

async fn a_code_is_sent_once_more_when_its_gap_is_over(app: TestApp) {
    account(&app, json!({})).await;
    let (_, actor) = person(&app, "aigul");
    let (id, running) = begin_by_phone(&app, &actor).await;
    let early = resend_code(&app.services, &actor, id).await;
    assert!(matches!(early, Err(ConnectError::Blocked { .. })), "{early:?}");
    app.advance(70).await;
    let calls = app.market.calls("login").await.len();
    resend_code(&app.services, &actor, id).await.unwrap();
    let waiting = until(&app, id, AttemptState::SmsCode).await;
    assert_eq!(app.market.calls("login").await.len(), calls + 1, "asked for once");
    assert!(waiting.resend_at.is_some_and(|at| at > app.services.now()));
    sms_verify(&app.services, &actor, id, &code(SMS_CODE))
        .await
        .unwrap();
    assert_eq!(running.ended().await, Ok(()));
}

async fn a_mailed_code_is_asked_once_and_not_of_a_known_device(app: TestApp) {
    account(&app, json!({ "mail_code": true })).await;
    let (_, actor) = person(&app, "aigul");
    let id = start(&app, &actor, PASSWORD, None).await;
    let running = Running::newest(&app);
    until(&app, id, AttemptState::MailCode).await;
    verify_code(&app.services, &actor, id, &code("111111"))
        .await
        .unwrap();
    wait_until("the wrong code", PATIENCE, || async {
        let found = attempt(&app, id);
        if found.wrong_answers == 1 {
            Ok(())
        } else {
            Err(found.state)
        }
    })
    .await;
    verify_code(&app.services, &actor, id, &code(MAIL_CODE))
        .await
        .unwrap();
    assert_eq!(running.ended().await, Ok(()));
    let store = only_store(&app);

    // The session is dead and nobody is signed in any more, but the device is known.
    app.market.control("/control/sessions/expire", json!({})).await;
    reconnect_store(&app.services, &actor, store.id).await.unwrap();
    assert_eq!(run(&app).await, Ok(()), "no code");
    assert!(session_of(&app.services, store.id).await.is_ok());
}

async fn the_login_lets_a_person_choose_a_merchant(app: TestApp) {
    account(&app, json!({ "merchants": ["30000001", "30000002"] })).await;
    let (_, actor) = person(&app, "aigul");
    let (_, stranger) = person(&app, "bolat");
    let id = start(&app, &actor, PASSWORD, None).await;
    let running = Running::newest(&app);
    let offered = until(&app, id, AttemptState::ChooseMerchant).await;
    let names: Vec<_> = merchants_of(&offered.merchants)
        .into_iter()
        .map(|merchant| (merchant.id, merchant.name.unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            ("30000001".to_owned(), "Demo Shop".to_owned()),
            ("30000002".to_owned(), "Second Shop".to_owned())
        ]
    );

    let foreign = choose_merchant(&app.services, &stranger, id, "30000002").await;
    assert!(matches!(foreign, Err(ConnectError::NotFound)), "{foreign:?}");
    let invented = choose_merchant(&app.services, &actor, id, "39999999").await;
    assert!(matches!(invented, Err(ConnectError::Invalid(_))), "{invented:?}");
    choose_merchant(&app.services, &actor, id, "30000002")
        .await
        .unwrap();
    assert_eq!(running.ended().await, Ok(()));

    assert_eq!(attempt(&app, id).state, AttemptState::Done);
    let store = only_store(&app);
    assert_eq!(store.merchant_id, "30000002");

    // Logged in again, the merchant is known and nobody is asked.
    reconnect_store(&app.services, &actor, store.id).await.unwrap();
    assert_eq!(run(&app).await, Ok(()));
    assert_eq!(only_store(&app).merchant_id, "30000002");
}

async fn an_unknown_number_is_told_at_once(app: TestApp) {
    let (_, actor) = person(&app, "aigul");
    let id = sms_start(&app.services, &actor, "+7 799 999 99 99", None)
        .await
        .unwrap();
    assert_eq!(run(&app).await, Err(JobError::Fail("wrong_credentials")));
    assert_eq!(attempt(&app, id).state, AttemptState::WrongCredentials);
}

async fn what_the_account_lacks_is_told_apart(app: TestApp) {
    let (_, actor) = person(&app, "aigul");
    for (refusal, state) in [
        ("no_merchants", AttemptState::NoMerchants),
        ("insufficient_permissions", AttemptState::NoPermission),
    ] {
        account(&app, json!({ "refusal": refusal })).await;
        let id = start(&app, &actor, PASSWORD, None).await;
        assert_eq!(run(&app).await, Err(JobError::Fail(state.as_str())));
        let ended = attempt(&app, id);
        assert_eq!((ended.state, ended.password_sealed), (state, None));
    }
}
