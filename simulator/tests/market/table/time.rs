//! Rows about dates.

use serde_json::Value;

use super::section;
use crate::support::{SKU, Simulator};

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Time") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn check(market: &Simulator, name: &str) {
    let updated = || async { market.row(SKU).await["updatedAt"].clone() };
    match name {
        "date-skew" => {
            let answer = market.raw("GET", "cabinet", "/s/m", Value::Null).await;
            let dates: Vec<_> = answer.headers().get_all("date").iter().collect();
            assert_eq!(dates, ["Tue, 01 Sep 2026 06:00:00 GMT"]);
        }
        "date-without-offset" => assert_eq!(updated().await, "2026-09-01T08:00:00.123456789"),
        "date-with-offset" => assert_eq!(updated().await, "2026-09-01T13:00:00+05:00"),
        "date-before-offset-change" => assert_eq!(updated().await, "2024-02-29T23:30:00+06:00"),
        "date-month-edge" => {
            let clock = market.control("GET", "clock", Value::Null).await;
            assert_eq!(clock["time"], "2026-09-30T19:30:00.000Z");
        }
        "date-in-seconds" => {
            let (_, list) = market.order_list("").await;
            assert_eq!(list["data"][0]["attributes"]["creationDate"], 1_788_220_800);
        }
        other => panic!("no test for {other}"),
    }
}
