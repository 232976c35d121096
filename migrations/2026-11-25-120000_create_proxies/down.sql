drop table proxies;
