//! The markets the simulator starts with. Every name in them is invented.

mod demo;
mod first;
mod goods;

use serde_json::Value;

use crate::Options;
use crate::clock::Clock;
use crate::listening::Hosts;
use crate::market::Market;
use crate::market::offer::{Merchant, Point};
use crate::market::orders::OrderSpec;

/// Seconds until an accepted price is applied, where nothing else was asked for.
const APPLY_SECONDS: u32 = 90;
/// The same in the demonstration, where people look on.
const APPLY_SECONDS_DEMO: u32 = 5;

/// Builds the market that the options describe.
///
/// Errors when a seed contradicts itself, which a test would show.
pub fn market(hosts: Hosts, options: &Options) -> anyhow::Result<Market> {
    let usual = if options.demo {
        APPLY_SECONDS_DEMO
    } else {
        APPLY_SECONDS
    };
    let apply_seconds = options.apply_seconds.unwrap_or(usual);
    let mut market = Market::new(hosts, Clock::new(options.time), options.seed, apply_seconds);
    let filled = if options.demo {
        demo::fill(&mut market)
    } else {
        first::fill(&mut market)
    };
    filled.map_err(|message| anyhow::anyhow!("the seed is wrong: {message}"))?;
    Ok(market)
}

/// A merchant with points PP1, PP2, … in the given cities.
fn merchant(uid: &str, name: &str, cities: &[&str]) -> Merchant {
    let points = (1..).zip(cities).map(|(number, city): (u32, _)| Point {
        id: format!("PP{number}"),
        city: (*city).to_owned(),
        enabled: true,
        is_virtual: false,
        display_name: None,
    });
    Merchant {
        uid: uid.to_owned(),
        name: name.to_owned(),
        points: points.collect(),
        logo: None,
        blocked: false,
        rating: 4.8,
        reviews: 120,
        api_token: Some(format!("Token-{uid}")),
    }
}

/// Puts orders that are described as the control interface would.
fn put_orders(market: &mut Market, orders: impl IntoIterator<Item = Value>) -> Result<(), String> {
    for order in orders {
        let spec: OrderSpec = serde_json::from_value(order).map_err(|error| error.to_string())?;
        market.put_order(spec)?;
    }
    Ok(())
}

/// The object with one more field.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.insert(name.to_owned(), value);
    }
    object
}
