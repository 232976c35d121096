//! Long lists of products: the count is right after every kind of change and counted once, every page is the one that
//! sorting everything would give, and a page far down or a rare word reads little.

use std::collections::BTreeSet;

use diesel::{
    PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Text, Uuid as SqlUuid},
};
use kaspi_panel::{
    domain::{ProductId, Role, StoreId, Tenant, UserId},
    store::{
        api_lists::{ProductApiFilter, ProductSort, product_api_list},
        page::PageRequest,
        product_lists::{ProductCounts, product_api_count, product_list_stores, product_view_counts},
        products::{
            ProductFilter, ProductOrder, ProductRow, ProductView, product_categories, product_count,
            product_ids, product_list_counted,
        },
    },
};

use crate::support::{TestDb, db_store, db_user};

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(diesel::QueryableByName)]
struct Key {
    #[diesel(sql_type = SqlUuid)]
    id: uuid::Uuid,
}

fn number(conn: &mut PgConnection, sql: &str) -> i64 {
    let row: Number = diesel::sql_query(format!("select ({sql})::bigint as number"))
        .get_result(conn)
        .unwrap();
    row.number
}

/// Rows of a table that this session has taken so far, by whatever way.
fn rows_read(conn: &mut PgConnection, table: &str) -> i64 {
    conn.batch_execute("select pg_stat_force_next_flush()").unwrap();
    let row: Number = diesel::sql_query(
        "select (seq_tup_read + idx_tup_fetch)::bigint as number from pg_stat_user_tables where relname = $1",
    )
    .bind::<Text, _>(table)
    .get_result(conn)
    .unwrap();
    row.number
}

/// Products of a store, one in ten of which has no price; prices and moments repeat.
fn fill(conn: &mut PgConnection, store: StoreId, count: usize) {
    conn.batch_execute(&format!(
        "insert into products (id, store_id, kaspi_product_id, sku, card_id, name, category, repricing_enabled, created_at,
           updated_at)
         select gen_random_uuid(), '{store}', 'K-' || n, 'S-' || n, (100000000 + n)::text,
           (array['Чайник', 'Утюг', 'Фен'])[1 + n % 3] || ' Barys ' || n, 'C' || n % 2, n % 4 = 0,
           timestamptz '2026-11-01T00:00:00Z' + (n / 7) * interval '1 second', now()
         from generate_series(1, {count}) n;
         insert into product_prices (product_id, city_id, price_tenge, read_at)
         select id, '750000000', 1000 + right(kaspi_product_id, 1)::int * 10, now() from products
         where store_id = '{store}' and right(kaspi_product_id, 1) <> '9';
         insert into product_prices (product_id, city_id, price_tenge, read_at)
         select id, '710000000', 5000 - right(kaspi_product_id, 2)::int, now() from products
         where store_id = '{store}' and length(kaspi_product_id) > 3"
    ))
    .unwrap();
}

struct Seller {
    db: TestDb,
    user: UserId,
    stores: Vec<StoreId>,
    counts: ProductCounts,
}

impl Seller {
    /// A seller with so many stores, beside another one with a store of his own.
    fn new(stores: u32, products: usize) -> Self {
        let db = TestDb::new();
        let conn = &mut db.conn();
        let (user, other) = (
            db_user(conn, "aigul", Role::Manager),
            db_user(conn, "other", Role::Manager),
        );
        let stores: Vec<StoreId> = (0..stores)
            .map(|n| db_store(conn, user, &(30_000_001 + n).to_string()))
            .collect();
        for store in &stores {
            fill(conn, *store, products);
        }
        let foreign = db_store(conn, other, "39999999");
        fill(conn, foreign, products);
        conn.batch_execute("analyze").unwrap();
        Self {
            db,
            user,
            stores,
            counts: ProductCounts::default(),
        }
    }

    fn count(&self, filter: &ProductApiFilter) -> i64 {
        product_api_count(&mut self.db.conn(), &self.counts, Tenant::User(self.user), filter)
            .unwrap()
            .total
    }

    fn page(&self, filter: &ProductApiFilter, page: PageRequest) -> Vec<uuid::Uuid> {
        let (conn, tenant) = (&mut self.db.conn(), Tenant::User(self.user));
        let counted = product_api_count(conn, &self.counts, tenant, filter).unwrap();
        let list = product_api_list(conn, tenant, filter, &counted, page).unwrap();
        list.rows.iter().map(|row| row.id.0).collect()
    }

    /// The page as PostgreSQL gives it by sorting everything.
    fn sorted(&self, condition: &str, order: &str, page: PageRequest) -> Vec<uuid::Uuid> {
        let rows: Vec<Key> = diesel::sql_query(format!(
            "select p.id from products p join stores s on s.id = p.store_id and s.owner_id = '{}'
             left join product_prices price on price.product_id = p.id and price.city_id = s.main_city_id
             where {condition} order by {order} offset {} limit {}",
            self.user,
            page.offset(),
            page.size
        ))
        .load(&mut self.db.conn())
        .unwrap();
        rows.into_iter().map(|row| row.id).collect()
    }
}

fn named(search: &str) -> ProductApiFilter {
    ProductApiFilter {
        search: search.to_owned(),
        ..ProductApiFilter::default()
    }
}

fn sorted_by(sort: ProductSort, falling: bool) -> ProductApiFilter {
    ProductApiFilter {
        sorts: vec![(sort, falling)],
        ..ProductApiFilter::default()
    }
}

#[test]
fn a_count_is_right_after_every_change_and_counted_once() {
    let seller = Seller::new(2, 60);
    let (first, second) = (seller.stores[0], seller.stores[1]);
    let mine = format!("select id from stores where owner_id = '{}'", seller.user);
    let lists = [
        (ProductApiFilter::default(), "true"),
        (
            ProductApiFilter {
                store_id: Some(second),
                ..ProductApiFilter::default()
            },
            "store_id = (select id from stores where merchant_id = '30000002')",
        ),
        (
            named("чайник barys"),
            "name ilike '%чайник%' and name ilike '%barys%'",
        ),
        (named("s-1"), "sku ilike '%s-1%'"),
        (
            ProductApiFilter {
                category: Some("C1".to_owned()),
                ..ProductApiFilter::default()
            },
            "category = 'C1'",
        ),
        (
            ProductApiFilter {
                repricing_enabled: Some(true),
                ..named("утюг")
            },
            "name ilike '%утюг%' and repricing_enabled",
        ),
    ];
    let changes = [
        "select 1".to_owned(),
        format!("update products set name = 'ЧАЙНИК Barys' where store_id = '{first}' and name like 'Фен%'"),
        format!("update products set category = 'C1' where store_id = '{second}' and sku = 'S-2'"),
        format!("update products set repricing_enabled = not repricing_enabled where store_id = '{first}'"),
        format!(
            "update products set store_id = '{second}', sku = 'M' || sku where store_id = '{first}' and sku like 'S-1%'"
        ),
        format!("delete from products where store_id = '{second}' and kaspi_product_id like 'K-2%'"),
        format!(
            "insert into products (id, store_id, kaspi_product_id, sku, name, created_at, updated_at)
          values (gen_random_uuid(), '{second}', 'N', 'S-1N', 'Чайник Barys', now(), now())"
        ),
        "update products set stock = 1".to_owned(),
        format!(
            "update stores set owner_id = (select id from users where id <> '{}') where id = '{first}'",
            seller.user
        ),
        format!("delete from stores where id = '{second}'"),
    ];
    for change in changes {
        seller.db.conn().batch_execute(&change).unwrap();
        for (filter, condition) in &lists {
            let wanted = number(
                &mut seller.db.conn(),
                &format!("select count(*) from products where store_id in ({mine}) and {condition}"),
            );
            for _ in 0..2 {
                assert_eq!(seller.count(filter), wanted, "{condition} after {change}");
            }
        }
    }
    // What was counted is not counted again.
    let seller = Seller::new(1, 3_000);
    let filter = named("barys");
    assert_eq!(seller.count(&filter), 3_000);
    let conn = &mut seller.db.conn();
    let before = rows_read(conn, "products");
    assert_eq!(
        product_api_count(conn, &seller.counts, Tenant::User(seller.user), &filter)
            .unwrap()
            .total,
        3_000
    );
    assert_eq!(rows_read(conn, "products"), before);
}

#[test]
fn every_page_is_the_one_that_sorting_everything_gives() {
    for stores in [1, 3, 26] {
        let seller = Seller::new(stores, if stores == 26 { 10 } else { 101 });
        seller
            .db
            .conn()
            .batch_execute(&format!(
                "update stores set main_city_id = '710000000' where id = '{}';
                 update product_prices set price_tenge = price_tenge + 7 where price_tenge % 20 = 0;
                 delete from product_prices where price_tenge = 1010",
                seller.stores[0]
            ))
            .unwrap();
        let orders = [
            (
                ProductApiFilter::default(),
                "true",
                "p.created_at desc, p.id desc",
            ),
            (
                sorted_by(ProductSort::CreatedAt, false),
                "true",
                "p.created_at, p.id",
            ),
            (
                sorted_by(ProductSort::Price, false),
                "true",
                "price.price_tenge, p.id",
            ),
            (
                sorted_by(ProductSort::Price, true),
                "true",
                "price.price_tenge desc, p.id desc",
            ),
            (
                named("утюг"),
                "p.name ilike '%утюг%'",
                "p.created_at desc, p.id desc",
            ),
            (
                ProductApiFilter {
                    search: "S-7".to_owned(),
                    ..sorted_by(ProductSort::Price, true)
                },
                "p.sku ilike '%S-7%'",
                "price.price_tenge desc, p.id desc",
            ),
            (named("100000012"), "false", "p.id"),
        ];
        for (filter, condition, order) in &orders {
            let (total, size) = (seller.count(filter), 20);
            let mut seen = BTreeSet::new();
            for number in 1..=(total / size + 2) {
                let page = PageRequest { number, size };
                let ids = seller.page(filter, page);
                assert_eq!(
                    ids,
                    seller.sorted(condition, order, page),
                    "page {number} of {total} by {order}, {stores} stores"
                );
                seen.extend(ids);
            }
            assert_eq!(i64::try_from(seen.len()).unwrap(), total, "{order}");
        }
    }
}

#[test]
fn the_price_that_is_shown_is_the_products_own() {
    let seller = Seller::new(1, 20);
    let (conn, tenant) = (&mut seller.db.conn(), Tenant::User(seller.user));
    // As it may be for a moment while a store gets another main city.
    conn.batch_execute("update listed_prices set price_tenge = 1")
        .unwrap();
    let filter = named("S-1");
    let counted = product_api_count(conn, &seller.counts, tenant, &filter).unwrap();
    let page = PageRequest { number: 1, size: 50 };
    let list = product_api_list(conn, tenant, &filter, &counted, page).unwrap();
    let prices: Vec<_> = list.rows.iter().filter_map(|row| row.price).collect();
    // Of S-1 and S-10 to S-19 all but S-19 have one.
    assert_eq!(prices.len(), 10);
    assert!(prices.iter().all(|price| price.0 >= 1_000), "{prices:?}");
}

#[test]
fn a_page_far_down_and_a_rare_word_read_little() {
    let seller = Seller::new(1, 20_000);
    // As the database does by itself after a large sync: new words wait in a list before the index until then.
    seller.db.conn().batch_execute("vacuum analyze products").unwrap();
    let rare = named("19999");
    let cheap = sorted_by(ProductSort::Price, false);
    let newest = ProductApiFilter::default();
    for (name, filter, number) in [
        ("first", &newest, 1),
        ("last", &newest, 400),
        ("last by price", &cheap, 400),
        ("rare", &rare, 1),
    ] {
        let (conn, tenant) = (&mut seller.db.conn(), Tenant::User(seller.user));
        let before = rows_read(conn, "products");
        let counted = product_api_count(conn, &seller.counts, tenant, filter).unwrap();
        let page = PageRequest { number, size: 50 };
        let list = product_api_list(conn, tenant, filter, &counted, page).unwrap();
        assert!(!list.rows.is_empty(), "{name}");
        let read = rows_read(conn, "products") - before;
        assert!(read <= 500, "{read} products read for the page {name}");
    }
}

/// Filters of the panel's list.
fn filters(seller: &Seller) -> Vec<ProductFilter> {
    let all = ProductFilter::default;
    vec![
        all(),
        ProductFilter {
            store_id: Some(seller.stores[1]),
            ..all()
        },
        ProductFilter {
            search: "чайник".to_owned(),
            ..all()
        },
        ProductFilter {
            search: "100000017".to_owned(),
            ..all()
        },
        ProductFilter {
            category: Some("C1".to_owned()),
            repricing_enabled: Some(true),
            ..all()
        },
        ProductFilter {
            search: "no such".to_owned(),
            ..all()
        },
    ]
}

#[test]
fn the_panels_tabs_count_what_their_lists_show_in_order() {
    let seller = Seller::new(3, 60);
    let (conn, tenant) = (&mut seller.db.conn(), Tenant::User(seller.user));
    conn.batch_execute(
        "update products set floor_tenge = 1000 + 10 * (right(kaspi_product_id, 1)::int % 4) where right(kaspi_product_id, 1)::int < 7;
         update products set stock = right(kaspi_product_id, 1)::int % 2;
         update products set archived_at = now() where right(kaspi_product_id, 2) in ('11', '22', '33');
         update products set on_sale = false where right(kaspi_product_id, 1) = '4'",
    )
    .unwrap();
    let mut seen = BTreeSet::new();
    for filter in filters(&seller) {
        let stores = product_list_stores(conn, tenant, &filter).unwrap();
        let counts = product_view_counts(conn, &stores, &filter).unwrap();
        assert_eq!(counts.len(), ProductView::NAMED.len());
        for ((word, view), total) in ProductView::NAMED.iter().zip(counts) {
            let filter = ProductFilter {
                view: *view,
                ..filter.clone()
            };
            let expected = product_ids(conn, tenant, &filter, 1_000).unwrap();
            assert_eq!(total, i64::try_from(expected.len()).unwrap(), "{word} {filter:?}");
            if total > 0 && total < product_count(conn, tenant, &ProductFilter::default()).unwrap() {
                seen.insert(*word);
            }
            for order in [
                ProductOrder::Newest,
                ProductOrder::Price,
                ProductOrder::PriceDesc,
                ProductOrder::Name,
            ] {
                let mut rows = Vec::new();
                for number in 1..=total / 7 + 1 {
                    let page = PageRequest { number, size: 7 };
                    let shown = product_list_counted(conn, &stores, &filter, order, (page, total)).unwrap();
                    assert_eq!(shown.total, total);
                    rows.extend(shown.rows);
                }
                let ids: BTreeSet<ProductId> = rows.iter().map(|row| row.product.id).collect();
                assert_eq!(rows.len(), expected.len(), "{word} {order:?} {filter:?}");
                assert_eq!(
                    ids,
                    expected.iter().copied().collect(),
                    "{word} {order:?} {filter:?}"
                );
                let price =
                    |row: &ProductRow| row.price.as_ref().map_or(i64::MAX, |price| price.price_tenge.0);
                let is_sorted = rows.windows(2).all(|pair| {
                    let (one, next) = (&pair[0], &pair[1]);
                    match order {
                        ProductOrder::Newest => {
                            (one.product.created_at, one.product.id)
                                > (next.product.created_at, next.product.id)
                        }
                        ProductOrder::Price => (price(one), one.product.id) < (price(next), next.product.id),
                        _ => true,
                    }
                });
                assert!(is_sorted, "{word} {order:?} {filter:?}");
            }
        }
    }
    // None of the views is everything, or nothing, all the time.
    assert_eq!(seen.len(), ProductView::NAMED.len(), "{seen:?}");
    let categories = product_categories(conn, &seller.stores).unwrap();
    assert_eq!(categories, ["C0", "C1"]);
}
