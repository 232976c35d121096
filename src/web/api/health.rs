//! Is the program alive, is its database there, may it be given work. The texts are compared by monitors, blanks
//! included, so they are written out here.

use actix_web::{HttpResponse, http::StatusCode, http::header, web::Data};
use chrono::{DateTime, Utc};

use crate::{
    services::Services,
    store::{migrate::version_check, stores::store_count},
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

/// `GET /health/ready`: 200 when the database is there and has exactly this program's migrations.
pub async fn ready(services: Data<Services>) -> HttpResponse {
    let at = stamp(services.now());
    match services.db.read(version_check).await {
        Ok(()) => answer(
            StatusCode::OK,
            format!(r#"{{"status": "ready", "timestamp": "{at}"}}"#),
        ),
        Err(error) => {
            let reason = match error {
                crate::store::StoreError::WrongVersion => "migrations",
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
