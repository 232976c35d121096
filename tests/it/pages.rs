//! Pages over HTTP, read by CSS selector: what is shown, to whom, and what a form does.

mod brakes;
mod dashboard;
mod foundation;
mod jobs;
mod live;
mod log;
mod picked;
mod preorders;
mod product;
mod products;
mod rules;
mod search;
pub mod seed;
mod sign_in;
mod stop;
mod stores;
mod tariffs;
mod terms;
mod tokens;
mod trial;
