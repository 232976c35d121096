//! The database: rules about the schema, and the queries.

mod catalogue;
mod due_products;
mod encrypted;
mod leases;
mod live;
mod market;
mod migrations;
mod months;
mod product_lists;
mod pushes;
mod schema;
mod search;
