//! Pages over HTTP, read by CSS selector: what is shown, to whom, and what a form does.

mod brakes;
mod dashboard;
mod foundation;
mod jobs;
mod live;
mod log;
mod photos;
mod picked;
mod preorders;
mod price_chart;
mod product;
mod products;
mod profile;
mod rules;
mod search;
mod second_factor;
pub mod seed;
mod sessions;
mod sign_in;
mod stop;
mod store_people;
mod stores;
mod tariffs;
mod terms;
mod tokens;
mod trial;
mod what_if;
