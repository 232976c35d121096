//! Pages over HTTP, read by CSS selector: what is shown, to whom, and what a form does.

mod log;
mod preorders;
mod product;
mod products;
mod seed;
