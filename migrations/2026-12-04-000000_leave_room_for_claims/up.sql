set local lock_timeout = '3s';

-- A claim takes products of a store that stand side by side, half a page and more at once: their new versions find room
-- on the same page, and are entered into no index.
alter table product_checks set (fillfactor = 50);
