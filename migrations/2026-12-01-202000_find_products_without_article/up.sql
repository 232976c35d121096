set local lock_timeout = '3s';

-- Each reading of a catalogue asks whether one of them is among its offers.
create index products_without_sku_idx on products (store_id, kaspi_product_id) where sku is null;
