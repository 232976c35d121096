//! The objects of answers as JSON Schema, from their types.

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::web::api::{alerts, insight, jobs, preorders, products, pushes, rules, stops, stores};

/// All of them, by name.
pub(super) fn schemas() -> Map<String, Value> {
    let mut all = Map::new();
    add::<stores::StoreJson>(&mut all);
    add::<products::ProductJson>(&mut all);
    add::<preorders::PreorderJson>(&mut all);
    add::<preorders::actions::StorePreordersJson>(&mut all);
    add::<pushes::PushListJson>(&mut all);
    add::<pushes::PushJson>(&mut all);
    add::<jobs::JobListJson>(&mut all);
    add::<jobs::JobJson>(&mut all);
    add::<insight::DecisionListJson>(&mut all);
    add::<insight::OffersJson>(&mut all);
    add::<insight::PriceHistoryJson>(&mut all);
    add::<rules::RuleListJson>(&mut all);
    add::<rules::RuleJson>(&mut all);
    add::<alerts::AlertListJson>(&mut all);
    add::<stops::StopListJson>(&mut all);
    add::<stops::StopJson>(&mut all);
    for (name, of) in [
        ("StorePage", "StoreJson"),
        ("ProductPage", "ProductJson"),
        ("PreorderPage", "PreorderJson"),
    ] {
        all.insert(name.to_owned(), page(of));
    }
    all
}

fn add<T: PartialSchema + ToSchema>(all: &mut Map<String, Value>) {
    let mut inner = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut inner);
    for (name, schema) in inner {
        all.insert(name, serde_json::to_value(schema).unwrap_or_default());
    }
}

fn page(of: &str) -> Value {
    json!({
        "type": "object",
        "required": ["count", "next", "previous", "results"],
        "properties": {
            "count": { "type": "integer" },
            "next": { "type": ["string", "null"] },
            "previous": { "type": ["string", "null"] },
            "results": {
                "type": "array",
                "maxItems": 50,
                "items": { "$ref": format!("#/components/schemas/{of}") },
            },
        },
    })
}
