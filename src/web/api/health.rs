//! Is the program alive, is its database there, may it be given work. The texts are compared by monitors, blanks
//! included, so they are written out here.

use actix_web::{HttpResponse, http::StatusCode, http::header, web::Data};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    services::Services,
    store::{StoreError, figures::clock_off, migrate::version_check, stores::store_count},
};

/// `GET /health/`: the program answers. Touches nothing else.
pub async fn alive(services: Data<Services>) -> HttpResponse {
    // `cors_enabled` is a fixed word of this answer; which origins may read is a setting of its own.
    let text = format!(
        r#"{{"status": "healthy", "timestamp": "{}", "cors_enabled": true}}"#,
        stamp(services.now())
    );
    answer(StatusCode::OK, text)
}

/// `GET /health/db/`: the database answers a query.
pub async fn database(services: Data<Services>) -> HttpResponse {
    let at = stamp(services.now());
    match services.db.read(store_count).await {
        Ok(count) => answer(
            StatusCode::OK,
            format!(
                r#"{{"status": "healthy", "database": "connected", "mode": "postgresql", "stores_count": {count}, "timestamp": "{at}"}}"#
            ),
        ),
        Err(_) => answer(
            StatusCode::SERVICE_UNAVAILABLE,
            format!(
                r#"{{"status": "unhealthy", "database": "disconnected", "mode": "postgresql", "timestamp": "{at}"}}"#
            ),
        ),
    }
}

/// The clocks of program and database may differ by so much.
const CLOCK_OFF_MAX: TimeDelta = TimeDelta::seconds(5);

/// `GET /health/ready`: 200 when the database is there, has exactly this program's migrations, and shows the same time.
pub async fn ready(services: Data<Services>) -> HttpResponse {
    let now = services.now();
    let at = stamp(now);
    let state = services.db.read(move |conn| -> Result<TimeDelta, StoreError> {
        version_check(conn)?;
        clock_off(conn, now)
    });
    match state.await {
        Ok(off) if off > CLOCK_OFF_MAX => answer(
            StatusCode::SERVICE_UNAVAILABLE,
            format!(r#"{{"status": "not ready", "reason": "clock", "timestamp": "{at}"}}"#),
        ),
        Ok(_) => answer(
            StatusCode::OK,
            format!(r#"{{"status": "ready", "timestamp": "{at}"}}"#),
        ),
        Err(error) => {
            let reason = match error {
                StoreError::WrongVersion => "migrations",
                _ => "database",
            };
            answer(
                StatusCode::SERVICE_UNAVAILABLE,
                format!(r#"{{"status": "not ready", "reason": "{reason}", "timestamp": "{at}"}}"#),
            )
        }
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}

fn answer(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text)
}
