//! For benchmarks only: the handlers without HTTP, on a market of any size.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{Call, Handler, Place, decide};
use crate::listening::Hosts;
use crate::market::Market;
use crate::market::account::CabinetSession;
use crate::market::offer::OfferSpec;
use crate::oauth::SID_COOKIE;
use crate::{Options, TimeMode, cabinet, process, public, seed};

/// The market of seed 1 with more offers and somebody signed in.
pub struct Bench {
    market: Market,
}

const SID: &str = "bench";
const MERCHANT: &str = "30000001";

impl Bench {
    /// A market with so many offers of merchant 30000001 beside the sixteen of the seed; limiters are off.
    pub fn new(offers: u32) -> anyhow::Result<Self> {
        let host = || "http://127.0.0.1:1".to_owned();
        let hosts = Hosts {
            login: host(),
            cabinet: host(),
            public: host(),
            orders: host(),
            cdn: host(),
            control: host(),
        };
        let options = Options {
            port: 0,
            control_port: 0,
            seed: 1,
            time: TimeMode::Virtual,
            latency_ms: 0,
            single_host: true,
            demo: false,
            apply_seconds: Some(0),
            parent_stdin: false,
        };
        let mut market = seed::market(hosts, &options)?;
        market.limits.enabled = false;
        market.sessions.cabinet.insert(
            SID.to_owned(),
            CabinetSession {
                email: "demo@example.kz".to_owned(),
                merchants: vec![MERCHANT.to_owned()],
                expires_ms: None,
            },
        );
        for number in 0..offers {
            let card = 200_000_001_u32.saturating_add(number).to_string();
            let offer = OfferSpec {
                merchant: MERCHANT.to_owned(),
                sku: format!("{card}_1"),
                card,
                title: format!("Товар {number}"),
                price: 10_000,
                ..OfferSpec::default()
            };
            market
                .put_offer(offer)
                .map_err(|message| anyhow::anyhow!(message))?;
        }
        Ok(Self { market })
    }

    /// Length of the answer to a page of the list with 100 rows.
    pub fn list(&mut self, page: usize) -> usize {
        let query = [
            ("m", MERCHANT.to_owned()),
            ("a", "true".to_owned()),
            ("l", "100".to_owned()),
            ("p", page.to_string()),
        ];
        let query = query.map(|(name, value)| (name.to_owned(), value));
        self.ask(
            "list",
            cabinet::list,
            "GET",
            BTreeMap::from(query),
            Value::Null,
            "list",
        )
    }

    /// Length of the answer to the public offers of a card.
    pub fn offers(&mut self, card: &str) -> usize {
        let body = json!({ "cityId": "750000000", "limit": 64, "page": 0 });
        self.ask("offers", public::offers, "POST", BTreeMap::new(), body, card)
    }

    /// Length of the answer to a price change, which is applied at the next call.
    pub fn process(&mut self, sku: &str, price: i64) -> usize {
        let body = json!({ "merchantUid": MERCHANT, "sku": sku, "price": price });
        self.ask("process", process::one, "POST", BTreeMap::new(), body, "process")
    }

    fn ask(
        &mut self,
        endpoint: &'static str,
        handler: Handler,
        method: &str,
        query: BTreeMap<String, String>,
        body: Value,
        tail: &str,
    ) -> usize {
        self.market.catch_up();
        let call = Call {
            method: method.to_owned(),
            path: format!("/{tail}"),
            query,
            headers: BTreeMap::new(),
            cookies: BTreeMap::from([(SID_COOKIE.to_owned(), SID.to_owned())]),
            body,
            tail: tail.to_owned(),
            file: None,
            fault: None,
        };
        let place = Place {
            host: "bench",
            endpoint,
        };
        decide(&mut self.market, place, handler, call).0.body.len()
    }
}
