//! Logins and the way out of the account: real proxies on loopback, in a real browser and without one.

use std::{net::UdpSocket, path::PathBuf};

use kaspi_panel::{
    config::Browser,
    domain::{AccountKind, ProxyScheme, StoreId},
    kaspi::{
        KaspiClient, ProxyAddress,
        login::{Conversation, Login, LoginOutcome, Renewed, renew},
    },
};

use super::*;
use crate::support::TestProxy;

/// User name and password of the proxies here.
const CREDENTIALS: &str = "proxy-user:proxy:pass word";

const DRIVERS: [LoginDriver; 2] = [LoginDriver::WebDriver, LoginDriver::Http];
const SCHEMES: [ProxyScheme; 2] = [ProxyScheme::Http, ProxyScheme::Socks5];

fn app_behind(driver: LoginDriver, proxies: Vec<ProxyAddress>) -> TestApp {
    let app = TestApp::builder()
        .settings(move |config| {
            config.browser.driver = driver;
            config.kaspi.private_proxies = true;
        })
        .build();
    app.services.kaspi.set_proxies(proxies).unwrap();
    app
}

fn authority(app: &TestApp, host: &str) -> String {
    let url = app.market.host(host);
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

/// Was this host asked for, by its address or by a tunnel?
fn saw(seen: &[String], authority: &str) -> bool {
    let address = format!("http://{authority}/");
    seen.iter()
        .any(|target| target == authority || target.starts_with(&address))
}

/// A login as the job runs it, without its attempt.
async fn log_in(app: &TestApp, chromedriver: Option<&str>) -> LoginOutcome {
    let settings = Browser {
        chromedriver: chromedriver.map(PathBuf::from),
        ..app.services.config.browser.clone()
    };
    let login = Login {
        kind: AccountKind::Email,
        account: EMAIL.into(),
        password: Some(Secret::from(PASSWORD)),
        known: None,
    };
    let mut conversation = Conversation::new(&app.services.kaspi);
    let outcome = conversation.begin(&settings, login).await;
    conversation.finish().await;
    outcome
}

#[tokio::test]
async fn a_login_leaves_through_the_proxy_of_its_account() {
    for (driver, scheme) in DRIVERS
        .into_iter()
        .flat_map(|driver| SCHEMES.map(|scheme| (driver, scheme)))
    {
        let proxy = TestProxy::start(Some(CREDENTIALS)).await;
        let app = app_behind(driver, vec![proxy.told(scheme, Some(CREDENTIALS))]);
        let (_, actor) = person(&app, "aigul");
        let id = start(&app, &actor, PASSWORD, None).await;

        assert_eq!(run(&app).await, Ok(()), "{driver:?} {scheme}");

        let done: Option<StoreId> = attempt(&app, id).store_id;
        assert_eq!(done, Some(only_store(&app).id));
        let seen = proxy.take_seen();
        for host in ["login", "cabinet", "public"] {
            assert!(
                saw(&seen, &authority(&app, host)),
                "{driver:?} {scheme} {host}: {seen:?}"
            );
        }
        assert_eq!(proxy.refused(), 0);
        let counts = app.services.kaspi.take_proxy_counts();
        assert!(counts[0].requests > 2 && counts[0].failures == 0, "{counts:?}");
    }
}

#[tokio::test]
async fn a_login_does_not_go_around_a_proxy_that_fails() {
    for driver in DRIVERS {
        let app = app_behind(driver, Vec::new());
        let (_, actor) = person(&app, "aigul");
        let refusing = TestProxy::start(Some(CREDENTIALS)).await;
        let silent = TestProxy::start(None).await;
        silent.break_down();
        let nobody = TestProxy::start(None).await;
        let gone = nobody.told(ProxyScheme::Http, None);
        drop(nobody);
        for (name, address, code) in [
            (
                "wrong password, http",
                refusing.told(ProxyScheme::Http, Some("proxy-user:wrong")),
                "proxy_refused",
            ),
            (
                "wrong password, socks5",
                refusing.told(ProxyScheme::Socks5, Some("proxy-user:wrong")),
                "proxy_refused",
            ),
            (
                "silent, http",
                silent.told(ProxyScheme::Http, None),
                "proxy_unreachable",
            ),
            (
                "silent, socks5",
                silent.told(ProxyScheme::Socks5, None),
                "proxy_unreachable",
            ),
            // It speaks no TLS.
            (
                "https",
                refusing.told(ProxyScheme::Https, None),
                "proxy_unreachable",
            ),
            ("gone", gone, "proxy_unreachable"),
        ] {
            app.services.kaspi.set_proxies(vec![address]).unwrap();
            let before = app.market.journal().await.len();
            let id = start(&app, &actor, PASSWORD, None).await;

            let ended = run(&app).await;

            assert_eq!(ended, Err(JobError::Fail("unavailable")), "{driver:?} {name}");
            assert_eq!(attempt(&app, id).state, AttemptState::Unavailable);
            assert!(all_stores(&app).is_empty());
            // What was refused once is tried once more, then it rests.
            assert_eq!(log_in(&app, None).await, LoginOutcome::Unavailable);
            let counts = app.services.kaspi.take_proxy_counts().remove(0);
            assert_eq!(counts.last_error, Some(code), "{driver:?} {name}");
            assert!(counts.cooling_for.is_some(), "{driver:?} {name}: {counts:?}");

            // There is no other way: nothing is tried, not even a browser.
            let no_browser = Some("/nowhere/chromedriver");
            assert_eq!(
                log_in(&app, no_browser).await,
                LoginOutcome::Unavailable,
                "{driver:?} {name}"
            );
            assert_eq!(app.services.kaspi.take_proxy_counts()[0].requests, 0);
            assert_eq!(app.market.journal().await.len(), before, "{driver:?} {name}");
        }
        assert_eq!((refusing.forwarded(), silent.forwarded()), (0, 0));
    }
}

#[tokio::test]
async fn an_account_keeps_its_proxy_from_the_login_on() {
    for driver in DRIVERS {
        let mut proxies = Vec::new();
        for _ in 0..8 {
            proxies.push(TestProxy::start(None).await);
        }
        let addresses: Vec<ProxyAddress> = proxies
            .iter()
            .map(|proxy| proxy.told(ProxyScheme::Socks5, None))
            .collect();
        let app = app_behind(driver, addresses.clone());
        let used = || -> Vec<usize> {
            let seen = proxies.iter().map(TestProxy::take_seen).enumerate();
            seen.filter(|(_, seen)| !seen.is_empty())
                .map(|(at, _)| at)
                .collect()
        };

        let LoginOutcome::LoggedIn { session, .. } = log_in(&app, None).await else {
            panic!("{driver:?}: no login");
        };
        let at_login = used();
        assert_eq!(at_login.len(), 1, "{driver:?}: {at_login:?}");

        // Other processes, with no connection of the login.
        let another = || {
            let client = KaspiClient::new(&app.services.config.kaspi).unwrap();
            client.set_proxies(addresses.clone()).unwrap();
            client
        };
        let Renewed::Ready(renewed) = renew(&another(), &session).await else {
            panic!("{driver:?}: not renewed");
        };
        assert_eq!(used(), at_login, "{driver:?}: the hop");
        another()
            .offers_page(&renewed, "30000001", true, 0)
            .await
            .unwrap();
        assert_eq!(used(), at_login, "{driver:?}: the cabinet");
    }
}

#[tokio::test]
async fn a_login_page_reaches_no_host_but_those_of_the_login() {
    let app = TestApp::new();
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    let calls = UdpSocket::bind("127.0.0.1:0").unwrap();
    calls.set_nonblocking(true).unwrap();
    let call = calls.local_addr().unwrap();
    let control = app.market.host("control").port().unwrap();
    let more = format!(
        "<img src=\"http://127.0.0.1:{port}/\"><img src=\"http://localhost:{port}/\">
        <img src=\"http://[::1]:{port}/\"><img src=\"http://login.example.kz:{port}/\">
        <img src=\"http://127.0.0.1:{control}/control/state\">
        <script>
            new WebSocket('ws://127.0.0.1:{port}/').onerror = () => {{ new Image().src = '/refused'; }};
            const call = new RTCPeerConnection({{ iceServers: [{{ urls: 'stun:{call}' }}] }});
            call.createDataChannel('elsewhere');
            call.onicegatheringstatechange = () => {{
                if (call.iceGatheringState === 'complete') new Image().src = '/gathered';
            }};
            call.createOffer().then((offer) => call.setLocalDescription(offer));
        </script></body>"
    );
    let fault = json!({ "replace": { "</body>": more } });
    app.market.fault("login_page", "replace", fault).await;

    let outcome = log_in(&app, None).await;

    assert!(matches!(outcome, LoginOutcome::LoggedIn { .. }), "{outcome:?}");
    let knocked = tokio::time::timeout(Duration::from_millis(1), elsewhere.accept()).await;
    assert!(knocked.is_err(), "{knocked:?}");
    assert!(calls.recv_from(&mut [0; 1500]).is_err(), "a call by UDP");
    let journal = app.market.journal().await;
    let asked = |path: &str| journal.iter().any(|call| call["path"] == path);
    assert!(
        asked("/refused") && asked("/gathered"),
        "the page has tried: {journal:?}"
    );
}
