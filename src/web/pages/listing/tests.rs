//! Links keep the state of a list; the pager shows the pages around.

use super::*;

const NAMES: &[&str] = &["q", "view", "page", "size"];

fn params(query: &str) -> Params {
    Params::parse(query, "/products", NAMES)
}

fn paged(number: i64, total: i64) -> Paged<()> {
    let page = PageRequest::new(number, 50);
    let rows = usize::try_from((total - page.offset()).clamp(0, 50)).unwrap();
    Paged {
        rows: vec![(); rows],
        total,
        page,
    }
}

fn numbers(pager: &Pager) -> Vec<i64> {
    pager.entries.iter().map(|entry| entry.number).collect()
}

#[test]
fn a_link_changes_one_value_and_goes_back_to_page_one() {
    let params = params("q=%D1%87%D0%B0%D0%B9+%26&view=floor&page=3&stranger=1");
    assert_eq!(params.get("q"), "чай &");
    assert_eq!(params.link("view", ""), "/products?q=%D1%87%D0%B0%D0%B9+%26");
    assert_eq!(params.link("q", ""), "/products?view=floor");
    assert_eq!(
        params.here(),
        "/products?q=%D1%87%D0%B0%D0%B9+%26&view=floor&page=3"
    );
}

#[test]
fn wrong_page_numbers_and_sizes_mean_the_defaults() {
    for query in ["", "page=x&size=7", "page=-4&size=201", "page=0&size=50"] {
        assert_eq!(params(query).page(), PageRequest::new(1, 50), "{query}");
    }
    assert_eq!(params("page=3&size=200").page(), PageRequest::new(3, 200));
}

#[test]
fn the_pager_shows_the_ends_and_the_neighbours() {
    let pager = Pager::new(&params("page=43"), &paged(43, 4318));
    assert_eq!(numbers(&pager), [1, 0, 42, 43, 44, 0, 87]);
    assert_eq!((pager.from, pager.to), (2101, 2150));
    assert_eq!(pager.previous.as_deref(), Some("/products?page=42"));
    let pager = Pager::new(&params(""), &paged(1, 26));
    assert_eq!(numbers(&pager), [1]);
    assert_eq!((pager.previous, pager.next), (None, None));
    assert_eq!((pager.from, pager.to), (1, 26));
    let pager = Pager::new(&params(""), &paged(1, 0));
    assert_eq!((pager.from, pager.to, pager.last), (0, 0, 1));
}
