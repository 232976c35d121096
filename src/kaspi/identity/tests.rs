//! Headers that fit together, and stay the same for whoever they belong to.

use super::*;

#[test]
fn a_key_keeps_its_browser_and_keys_are_spread_over_all() {
    assert_eq!(Identity::for_key("a"), Identity::for_key("a"));
    let agents: std::collections::BTreeSet<String> = (0..64)
        .map(|n| Identity::for_key(&n.to_string()).user_agent)
        .collect();
    assert_eq!(agents.len(), PROFILES.len());
}

#[test]
fn every_set_fits_together() {
    for n in 0..64 {
        let identity = Identity::for_key(&n.to_string());
        let agent = identity.user_agent();
        match &identity.hints {
            Some(hints) => {
                assert_eq!(hints.platform, platform(agent), "{agent}");
                let version = agent.split_once("Chrome/").unwrap().1.split('.').next().unwrap();
                assert!(
                    hints.brands.contains(&format!("\"Chromium\";v=\"{version}\"")),
                    "{agent}"
                );
                assert_eq!(hints.brands.contains("Edge"), agent.contains("Edg/"), "{agent}");
            }
            None => assert!(agent.contains("Firefox/"), "{agent}"),
        }
        assert!(identity.accept_language().starts_with("ru-RU,"));
    }
}

#[test]
fn the_browser_of_a_login_is_named_without_the_word_for_no_window() {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/149.0.0.0 Safari/537.36";
    let identity = Identity::of_browser("account", agent);
    assert!(!identity.user_agent().contains("Headless"));
    let hints = identity.hints.as_ref().unwrap();
    assert_eq!(hints.platform, "Linux");
    assert!(
        hints.brands.contains("\"Chromium\";v=\"149\""),
        "{}",
        hints.brands
    );
    assert_eq!(identity.key(), "account");
}

#[test]
fn a_request_carries_the_whole_set() {
    let client = reqwest::Client::builder().build().unwrap();
    let identity = Identity::of_browser(
        "a",
        "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0 Safari/537.36",
    );
    let request = identity.dress(client.get("http://127.0.0.1/")).build().unwrap();
    for name in [
        "user-agent",
        "accept-language",
        "sec-ch-ua",
        "sec-ch-ua-mobile",
        "sec-ch-ua-platform",
    ] {
        assert!(request.headers().contains_key(name), "{name}");
    }
}
