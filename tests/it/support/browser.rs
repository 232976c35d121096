//! A person's browser: real Chromium. What it complains about fails the test, and a failing test leaves a
//! picture and the page's source behind.

use std::{panic::AssertUnwindSafe, path::PathBuf, time::Duration};

use futures_util::FutureExt;
use kaspi_panel::{
    os::{BrowserOptions, ChromeDriver},
    telemetry,
};
use thirtyfour::{By, ChromiumLikeCapabilities, LoggingPrefsLogLevel, WebDriver, WebElement};

use super::wait_until;

/// How long a page may take to show what is expected; generous, for machines with much to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// One window with a fresh profile.
pub struct Browser {
    /// The session, for what the helpers do not cover.
    pub tab: WebDriver,
    _driver: ChromeDriver,
}

impl Browser {
    /// Runs a journey in a fresh browser. It fails when the journey does, or when the browser's console
    /// tells of an error or of something that the content policy refused.
    pub async fn run(name: &str, journey: impl AsyncFnOnce(&Self)) {
        let browser = Self::start().await;
        let outcome = AssertUnwindSafe(journey(&browser)).catch_unwind().await;
        let complaints = browser.complaints().await;
        if outcome.is_err() || !complaints.is_empty() {
            browser.keep_evidence(name).await;
        }
        browser.tab.quit().await.expect("the browser ends");
        if let Err(panic) = outcome {
            std::panic::resume_unwind(panic);
        }
        assert!(
            complaints.is_empty(),
            "the browser complained:\n{}",
            complaints.join("\n")
        );
    }

    async fn start() -> Self {
        let start = || ChromeDriver::start(&BrowserOptions::default());
        let driver = telemetry::spawn_blocking(start).await.unwrap();
        let driver = driver.unwrap_or_else(|error| panic!("the tests need a browser: {error}"));
        let mut capabilities = driver.capabilities().unwrap();
        capabilities
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .unwrap();
        Self {
            tab: WebDriver::new(driver.url(), capabilities).await.unwrap(),
            _driver: driver,
        }
    }

    /// The first element that matches, as soon as it is there and visible.
    pub async fn find(&self, css: &str) -> WebElement {
        wait_until(css, PATIENCE, || async {
            let found = self.tab.find(By::Css(css)).await.map_err(|_| "not on the page")?;
            match found.is_displayed().await {
                Ok(true) => Ok(found),
                _ => Err("not visible"),
            }
        })
        .await
    }

    /// Waits until the page shows this text somewhere.
    pub async fn sees(&self, text: &str) {
        wait_until(text, PATIENCE, || async {
            let shown = match self.tab.find(By::Tag("body")).await {
                Ok(body) => body.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            // Figures are grouped by no-break spaces.
            let shown = shown.replace(['\u{a0}', '\u{202f}'], " ");
            if shown.contains(text) { Ok(()) } else { Err(shown) }
        })
        .await;
    }

    /// Waits until the address is this path, whatever follows it.
    pub async fn is_at(&self, path: &str) {
        wait_until(path, PATIENCE, || async {
            match self.tab.current_url().await {
                Ok(url) if url.path().starts_with(path) => Ok(()),
                Ok(url) => Err(url.to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    /// Clicks the first element that matches.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.scroll_into_view().await.unwrap();
        element
            .click()
            .await
            .unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// Types into a field, instead of what stands in it.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Errors and refusals in the console since the last look. An answer with a bad status is no fault of
    /// the page: forms come back with 422.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.tab.browser_log().await.expect("the console");
        log.into_iter()
            .filter(|entry| entry.level == "SEVERE" || entry.message.contains("Content Security Policy"))
            .filter(|entry| entry.source.as_deref() != Some("network"))
            .map(|entry| entry.message)
            .collect()
    }

    async fn keep_evidence(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("it-failures");
        std::fs::create_dir_all(&folder).expect("a folder for evidence");
        // Evidence that cannot be had must not hide why it was wanted.
        let _picture = self.tab.screenshot(&folder.join(format!("{name}.png"))).await;
        if let Ok(source) = self.tab.source().await {
            let _page = std::fs::write(folder.join(format!("{name}.html")), source);
        }
    }
}
