//! A database as the predecessor's migrations made it, with rows that are good but for what a test changes.

use diesel::connection::SimpleConnection;
use uuid::Uuid;

use crate::support::TestDb;

/// Tables, keys and constraints as Django makes them.
const TABLES: &str = r#"
    create table "kaspi_stores" ("id" uuid not null primary key, "created_at" timestamp with time zone not null,
      "updated_at" timestamp with time zone not null, "user_id" varchar(255) not null,
      "merchant_id" varchar(255) not null, "name" varchar(255) not null, "api_key" varchar(255) null,
      "products_count" integer not null, "last_sync" timestamp with time zone null, "is_active" boolean not null,
      "guid" jsonb null, "last_login" timestamp with time zone null);
    create table "products" ("id" uuid not null primary key, "created_at" timestamp with time zone not null,
      "updated_at" timestamp with time zone not null, "kaspi_product_id" varchar(255) not null,
      "kaspi_sku" varchar(255) null, "price" integer not null, "name" varchar(500) not null,
      "external_kaspi_id" varchar(255) null, "category" varchar(255) null, "image_url" varchar(200) null,
      "bot_active" boolean not null, "last_check_time" timestamp with time zone null,
      "min_profit" numeric(10, 2) null, "max_profit" numeric(10, 2) null, "strategy" varchar(50) null,
      "store_id" uuid not null);
    create table "preorders" ("id" uuid not null primary key, "created_at" timestamp with time zone not null,
      "updated_at" timestamp with time zone not null, "article" varchar(255) null, "name" varchar(500) not null,
      "brand" varchar(255) null, "status" varchar(20) not null, "price" integer null, "warehouses" jsonb not null,
      "delivery_days" integer not null, "product_id" uuid not null, "store_id" uuid not null);
    alter table "kaspi_stores" add constraint "kaspi_stores_user_id_merchant_id_0b1c2d3e_uniq"
      unique ("user_id", "merchant_id");
    alter table "products" add constraint "products_store_id_4f5a6b7c_fk_kaspi_stores_id" foreign key ("store_id")
      references "kaspi_stores" ("id") deferrable initially deferred;
    create index "products_store_id_4f5a6b7c" on "products" ("store_id");
    alter table "preorders" add constraint "preorders_product_id_store_id_8d9e0f1a_uniq"
      unique ("product_id", "store_id");
    alter table "preorders" add constraint "preorders_product_id_2b3c4d5e_fk_products_id"
      foreign key ("product_id") references "products" ("id") deferrable initially deferred;
    alter table "preorders" add constraint "preorders_store_id_6f7a8b9c_fk_kaspi_stores_id"
      foreign key ("store_id") references "kaspi_stores" ("id") deferrable initially deferred;
    create index "preorders_product_id_2b3c4d5e" on "preorders" ("product_id");
    create index "preorders_store_id_6f7a8b9c" on "preorders" ("store_id");
"#;

/// The predecessor's database.
pub struct Old {
    pub db: TestDb,
}

/// Values that differ from a good row's, as SQL.
type Changes<'a> = &'a [(&'a str, &'a str)];

impl Old {
    /// Without rows.
    pub fn new() -> Self {
        let old = Self { db: TestDb::empty() };
        old.execute(TABLES);
        old
    }

    /// Any SQL.
    pub fn execute(&self, sql: &str) {
        self.db
            .conn()
            .batch_execute(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// A damaged database: nothing keeps rows from being there twice or pointing nowhere.
    pub fn without_constraints(&self) {
        self.execute(
            "do $$ declare c record; begin
               for c in select conrelid::regclass as t, conname from pg_constraint
                 where contype in ('f', 'u') and conrelid::regclass::text in ('kaspi_stores', 'products', 'preorders')
               loop execute format('alter table %s drop constraint %I', c.t, c.conname); end loop;
             end $$",
        );
    }

    /// The `n`th shop.
    pub fn store(&self, n: u32, changes: Changes<'_>) {
        let (key, merchant, name) = (
            quoted(store(n)),
            quoted(30_000_000 + n),
            quoted(format!("Магазин {n}")),
        );
        let row = [
            ("id", key.as_str()),
            ("created_at", "'2026-11-01 10:00:00.123456+05'"),
            ("updated_at", "'2026-11-02 10:00:00.2+05'"),
            ("user_id", "'user-1'"),
            ("merchant_id", &merchant),
            ("name", &name),
            ("api_key", "'demo_key'"),
            ("products_count", "7"),
            ("last_sync", "'2026-11-02 10:00:00.2+05'"),
            ("is_active", "true"),
            ("guid", "null"),
            ("last_login", "null"),
        ];
        self.insert("kaspi_stores", &row, changes);
    }

    /// The `n`th product, of the first shop.
    pub fn product(&self, n: u32, changes: Changes<'_>) {
        let (key, shop) = (quoted(product(n)), quoted(store(1)));
        let (offer, sku, card) = (
            quoted(format!("K{n}")),
            quoted(format!("S{n}")),
            quoted(100_000_000 + n),
        );
        let row = [
            ("id", key.as_str()),
            ("created_at", "'2026-11-03 10:00:00.654321+05'"),
            ("updated_at", "'2026-11-04 10:00:00.000004+05'"),
            ("kaspi_product_id", &offer),
            ("kaspi_sku", &sku),
            ("price", "1248000"),
            ("name", "'Чайник Barys белый'"),
            ("external_kaspi_id", &card),
            ("category", "'Кухня'"),
            ("image_url", "'https://img.example.invalid/p/51.jpg'"),
            ("bot_active", "true"),
            ("last_check_time", "'2026-11-04 09:00:00.000009+05'"),
            ("min_profit", "10900.00"),
            ("max_profit", "13000.00"),
            ("strategy", "null"),
            ("store_id", &shop),
        ];
        self.insert("products", &row, changes);
    }

    /// The `n`th preorder, of the product with the same number.
    pub fn preorder(&self, n: u32, changes: Changes<'_>) {
        let (key, item, shop) = (quoted(preorder(n)), quoted(product(n)), quoted(store(1)));
        let row = [
            ("id", key.as_str()),
            ("created_at", "'2026-11-05 10:00:00.000005+05'"),
            ("updated_at", "'2026-11-06 10:00:00.000006+05'"),
            ("article", "'ART1'"),
            ("name", "'Предзаказ'"),
            ("brand", "'Tulpar'"),
            ("status", "'completed'"),
            ("price", "107900"),
            ("warehouses", r#"'{"1":{"id":1,"quantity":3}}'"#),
            ("delivery_days", "2"),
            ("product_id", &item),
            ("store_id", &shop),
        ];
        self.insert("preorders", &row, changes);
    }

    fn insert(&self, table: &str, row: &[(&str, &str)], changes: Changes<'_>) {
        for (column, _) in changes {
            assert!(
                row.iter().any(|(name, _)| name == column),
                "{table} has no {column}"
            );
        }
        let value = |name: &str, usual: &str| -> String {
            let changed = changes.iter().find(|(column, _)| *column == name);
            changed.map_or(usual, |(_, value)| value).to_owned()
        };
        let columns: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
        let values: Vec<String> = row.iter().map(|(name, usual)| value(name, usual)).collect();
        self.execute(&format!(
            "insert into {table} ({}) values ({})",
            columns.join(", "),
            values.join(", ")
        ));
    }
}

fn quoted(value: impl std::fmt::Display) -> String {
    format!("'{value}'")
}

/// Key of the `n`th shop.
pub fn store(n: u32) -> Uuid {
    key(1, n)
}

/// Key of the `n`th product.
pub fn product(n: u32) -> Uuid {
    key(2, n)
}

/// Key of the `n`th preorder.
pub fn preorder(n: u32) -> Uuid {
    key(3, n)
}

/// A version-4 key, as Django makes them.
fn key(table: u32, n: u32) -> Uuid {
    format!("{table:08x}-0000-4000-8000-{n:012x}").parse().unwrap()
}
