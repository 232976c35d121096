//! The database: rules about the schema, and the queries.

mod catalogue;
mod market;
mod schema;
