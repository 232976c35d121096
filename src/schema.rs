//! The tables as the database knows them. Generated from the catalogue by the test
//! `store::schema::schema_rs_equals_the_catalogue`; do not edit by hand.

diesel::table! {
    alert_channels (id) {
        id -> Uuid,
        channel -> Text,
        enabled -> Bool,
        language -> Text,
        settings -> Jsonb,
        secret_sealed -> Nullable<Binary>,
        secret_set_at -> Nullable<Timestamptz>,
        kinds -> Jsonb,
        version -> Integer,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    alerts (id) {
        id -> Uuid,
        kind -> Text,
        severity -> Text,
        store_id -> Nullable<Uuid>,
        product_id -> Nullable<Uuid>,
        data -> Jsonb,
        times -> Integer,
        created_at -> Timestamptz,
        last_at -> Timestamptz,
        told_at -> Timestamptz,
        acknowledged_by -> Nullable<Text>,
        acknowledged_at -> Nullable<Timestamptz>,
        resolved_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        key_hash -> Binary,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    attempt_evidence (attempt_id) {
        attempt_id -> Uuid,
        picture -> Nullable<Binary>,
        page -> Text,
        address -> Text,
        taken_at -> Timestamptz,
    }
}

diesel::table! {
    audit_log (id) {
        id -> Uuid,
        at -> Timestamptz,
        actor_kind -> Text,
        actor_id -> Nullable<Uuid>,
        actor_name -> Text,
        store_id -> Nullable<Uuid>,
        object_kind -> Text,
        object_id -> Nullable<Uuid>,
        object_name -> Text,
        action -> Text,
        before -> Nullable<Jsonb>,
        after -> Nullable<Jsonb>,
        reason -> Nullable<Text>,
        request_id -> Nullable<Text>,
        build_id -> Text,
    }
}

diesel::table! {
    cabinet_accounts (id) {
        id -> Uuid,
        owner_id -> Uuid,
        kind -> Text,
        login -> Text,
        merchant_id -> Nullable<Text>,
        password_sealed -> Nullable<Binary>,
        password_set_at -> Nullable<Timestamptz>,
        cookies_sealed -> Nullable<Binary>,
        cookies_set_at -> Nullable<Timestamptz>,
        session_id -> Nullable<Uuid>,
        session_used_at -> Nullable<Timestamptz>,
        renewing_until -> Nullable<Timestamptz>,
        renew_after -> Nullable<Timestamptz>,
        renew_failures -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    connection_attempts (id) {
        id -> Uuid,
        user_id -> Uuid,
        store_id -> Nullable<Uuid>,
        login -> Text,
        password_sealed -> Nullable<Binary>,
        state -> Text,
        merchants -> Jsonb,
        merchant_id -> Nullable<Text>,
        blocked_until -> Nullable<Timestamptz>,
        deadline_at -> Timestamptz,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        kind -> Text,
        account_id -> Nullable<Uuid>,
        automatic -> Bool,
        answer_sealed -> Nullable<Binary>,
        sent_to -> Nullable<Text>,
        wrong_answers -> Integer,
        resend_wanted -> Bool,
        resend_at -> Nullable<Timestamptz>,
        heartbeat_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    feed_fetches (id) {
        id -> Uuid,
        store_id -> Uuid,
        at -> Timestamptz,
        address -> Text,
        agent -> Text,
        status -> Integer,
        detail -> Nullable<Text>,
        bytes -> Integer,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> Uuid,
        user_id -> Uuid,
        key -> Text,
        fingerprint -> Binary,
        status -> Nullable<Integer>,
        media_type -> Nullable<Text>,
        body -> Nullable<Binary>,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    import_rows (import_id, row_number) {
        import_id -> Uuid,
        row_number -> Integer,
        product_id -> Nullable<Uuid>,
        sku -> Text,
        state -> Text,
        before -> Jsonb,
        after -> Jsonb,
        troubles -> Jsonb,
    }
}

diesel::table! {
    imports (id) {
        id -> Uuid,
        store_id -> Uuid,
        user_id -> Nullable<Uuid>,
        user_name -> Text,
        file_name -> Text,
        sha256 -> Binary,
        kind -> Text,
        state -> Text,
        undo -> Bool,
        layout -> Jsonb,
        rows_changed -> Integer,
        rows_unchanged -> Integer,
        rows_wrong -> Integer,
        rows_applied -> Integer,
        rows_left -> Integer,
        rows_undone -> Integer,
        rows_kept -> Integer,
        created_at -> Timestamptz,
        applied_at -> Nullable<Timestamptz>,
        undone_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    job_runs (id) {
        id -> Uuid,
        kind -> Text,
        store_id -> Nullable<Uuid>,
        requested_by -> Nullable<Uuid>,
        state -> Text,
        progress_done -> Integer,
        progress_total -> Nullable<Integer>,
        summary -> Jsonb,
        failure -> Nullable<Text>,
        attempts -> Integer,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        heartbeat_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        retry_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    kill_switches (id) {
        id -> Uuid,
        scope -> Text,
        store_id -> Nullable<Uuid>,
        product_id -> Nullable<Uuid>,
        reason -> Text,
        stopped_by -> Text,
        stopped_at -> Timestamptz,
        released_by -> Nullable<Text>,
        released_at -> Nullable<Timestamptz>,
        strategy -> Nullable<Text>,
        release_reason -> Nullable<Text>,
    }
}

diesel::table! {
    listed_prices (product_id) {
        product_id -> Uuid,
        store_id -> Uuid,
        price_tenge -> Nullable<BigInt>,
    }
}

diesel::table! {
    market_offers (id) {
        id -> Uuid,
        card_id -> Text,
        city_id -> Text,
        merchant_id -> Text,
        merchant_name -> Text,
        price_tenge -> BigInt,
        rating_centi -> Nullable<Integer>,
        reviews -> Integer,
        preorder_days -> Integer,
        delivery -> Nullable<Text>,
        first_seen_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        gone_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    market_snapshots (card_id, city_id) {
        card_id -> Text,
        city_id -> Text,
        taken_at -> Timestamptz,
        total -> Integer,
        complete -> Bool,
    }
}

diesel::table! {
    orders_accesses (store_id) {
        store_id -> Uuid,
        token_sealed -> Binary,
        set_at -> Timestamptz,
        read_at -> Nullable<Timestamptz>,
        failure -> Nullable<Text>,
        next_read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    past_market_offers (id, gone_at) {
        id -> Uuid,
        card_id -> Text,
        city_id -> Text,
        merchant_id -> Text,
        merchant_name -> Text,
        price_tenge -> BigInt,
        rating_centi -> Nullable<Integer>,
        reviews -> Integer,
        preorder_days -> Integer,
        delivery -> Nullable<Text>,
        first_seen_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        gone_at -> Timestamptz,
    }
}

diesel::table! {
    preorder_orders (id) {
        id -> Uuid,
        store_id -> Uuid,
        order_key -> Text,
        code -> Text,
        state -> Text,
        status -> Text,
        total_tenge -> BigInt,
        entries -> Nullable<Jsonb>,
        placed_at -> Timestamptz,
        planned_at -> Nullable<Timestamptz>,
        arrival -> Nullable<Text>,
        arrival_by -> Nullable<Uuid>,
        arrival_at -> Nullable<Timestamptz>,
        arrival_failure -> Nullable<Text>,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    preorder_upload_lines (upload_id, line) {
        upload_id -> Uuid,
        line -> Integer,
        preorder_id -> Nullable<Uuid>,
        product_id -> Nullable<Uuid>,
        sku -> Text,
        name -> Text,
        price_tenge -> BigInt,
        delivery_days -> Integer,
        problem -> Nullable<Text>,
        next_look_at -> Nullable<Timestamptz>,
        seen_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    preorder_uploads (id) {
        id -> Uuid,
        store_id -> Uuid,
        run_id -> Uuid,
        requested_by -> Nullable<Uuid>,
        state -> Text,
        format -> Text,
        file_name -> Text,
        file -> Binary,
        lines -> Integer,
        previous_file_id -> Nullable<Text>,
        file_id -> Nullable<Text>,
        word -> Nullable<Text>,
        failure -> Nullable<Text>,
        detail -> Nullable<Text>,
        sends -> Integer,
        created_at -> Timestamptz,
        sent_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    preorders (id) {
        id -> Uuid,
        store_id -> Uuid,
        product_id -> Uuid,
        article -> Nullable<Text>,
        name -> Text,
        brand -> Nullable<Text>,
        status -> Text,
        price_tenge -> Nullable<BigInt>,
        warehouses -> Jsonb,
        delivery_days -> Integer,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    price_changes (id, at) {
        id -> Uuid,
        product_id -> Uuid,
        city_id -> Text,
        at -> Timestamptz,
        before_tenge -> Nullable<BigInt>,
        price_tenge -> Nullable<BigInt>,
        push_id -> Nullable<Uuid>,
        store_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    price_decisions (id) {
        id -> Uuid,
        store_id -> Uuid,
        product_id -> Uuid,
        city_id -> Text,
        decided_at -> Timestamptz,
        decision_version -> Integer,
        outcome -> Text,
        current_tenge -> BigInt,
        price_tenge -> Nullable<BigInt>,
        target_tenge -> Nullable<BigInt>,
        place -> Nullable<Integer>,
        competitors -> Nullable<Integer>,
        best_rival_tenge -> Nullable<BigInt>,
        reasons -> Jsonb,
        flags -> Jsonb,
        input -> Jsonb,
        shadow -> Bool,
    }
}

diesel::table! {
    price_feeds (store_id) {
        store_id -> Uuid,
        publishing -> Text,
        address_hash -> Nullable<Binary>,
        address_set_at -> Nullable<Timestamptz>,
        username -> Nullable<Text>,
        password_hash -> Nullable<Binary>,
        password_set_at -> Nullable<Timestamptz>,
        content_hash -> Nullable<Binary>,
        modified_at -> Nullable<Timestamptz>,
        offers -> Nullable<Integer>,
        version -> Integer,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    price_push_cities (push_id, city_id) {
        push_id -> Uuid,
        city_id -> Text,
        before_tenge -> BigInt,
        price_tenge -> BigInt,
        floor_tenge -> BigInt,
        ceiling_tenge -> Nullable<BigInt>,
        seen_tenge -> Nullable<BigInt>,
    }
}

diesel::table! {
    price_pushes (id) {
        id -> Uuid,
        store_id -> Uuid,
        product_id -> Uuid,
        decision_id -> Nullable<Uuid>,
        sequence -> BigInt,
        state -> Text,
        late -> Bool,
        origin -> Text,
        actor_id -> Nullable<Uuid>,
        reason -> Nullable<Text>,
        detail -> Nullable<Text>,
        lease_epoch -> Nullable<BigInt>,
        attempts -> Integer,
        operation_id -> Nullable<Text>,
        availabilities -> Nullable<Jsonb>,
        availabilities_read_at -> Nullable<Timestamptz>,
        market_taken_at -> Nullable<Timestamptz>,
        build_id -> Text,
        planned_at -> Timestamptz,
        claimed_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
        sent_at -> Nullable<Timestamptz>,
        accepted_at -> Nullable<Timestamptz>,
        next_read_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        put_back_id -> Nullable<Uuid>,
        worth -> Text,
        gain_tenge -> BigInt,
        waiting_since -> Nullable<Timestamptz>,
        fingerprint -> Nullable<Text>,
        looked_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    pricing_terms (id) {
        id -> Uuid,
        store_id -> Uuid,
        category -> Nullable<Text>,
        product_id -> Nullable<Uuid>,
        floor_tenge -> Nullable<BigInt>,
        ceiling_tenge -> Nullable<BigInt>,
        unit_cost_tenge -> Nullable<BigInt>,
        commission -> Nullable<Text>,
        tax -> Nullable<Text>,
        delivery -> Nullable<Text>,
        weight_grams -> Nullable<Integer>,
        goal_kind -> Nullable<Text>,
        goal_value -> Nullable<BigInt>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    product_checks (product_id) {
        product_id -> Uuid,
        store_id -> Uuid,
        repriced -> Bool,
        next_check_at -> Timestamptz,
        claimed_until -> Nullable<Timestamptz>,
        last_check_at -> Nullable<Timestamptz>,
        alone_streak -> Integer,
    }
}

diesel::table! {
    product_columns (user_id) {
        user_id -> Uuid,
        words -> Text,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    product_prices (product_id, city_id) {
        product_id -> Uuid,
        city_id -> Text,
        price_tenge -> BigInt,
        opening_price_tenge -> Nullable<BigInt>,
        opening_date -> Nullable<Date>,
        read_at -> Timestamptz,
        changed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    products (id) {
        id -> Uuid,
        store_id -> Uuid,
        kaspi_product_id -> Text,
        sku -> Nullable<Text>,
        card_id -> Nullable<Text>,
        name -> Text,
        brand -> Nullable<Text>,
        category -> Nullable<Text>,
        image_url -> Nullable<Text>,
        on_sale -> Bool,
        archived_at -> Nullable<Timestamptz>,
        stock -> Nullable<Integer>,
        preorder_days -> Integer,
        availabilities -> Nullable<Jsonb>,
        availabilities_read_at -> Nullable<Timestamptz>,
        repricing_enabled -> Bool,
        floor_tenge -> Nullable<BigInt>,
        ceiling_tenge -> Nullable<BigInt>,
        strategy -> Nullable<Text>,
        locked_until -> Nullable<Timestamptz>,
        push_sequence -> BigInt,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    proxies (id) {
        id -> Uuid,
        origin -> Text,
        label -> Text,
        scheme -> Text,
        host -> Text,
        port -> Integer,
        credentials_sealed -> Nullable<Binary>,
        credentials_set_at -> Nullable<Timestamptz>,
        enabled -> Bool,
        requests -> BigInt,
        failures -> BigInt,
        last_error -> Nullable<Text>,
        last_error_at -> Nullable<Timestamptz>,
        cooling_until -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
        check_requested_at -> Nullable<Timestamptz>,
        checked_at -> Nullable<Timestamptz>,
        check_error -> Nullable<Text>,
        check_ms -> Nullable<Integer>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    public_looks (push_id) {
        push_id -> Uuid,
        store_id -> Uuid,
        product_id -> Uuid,
        next_look_at -> Nullable<Timestamptz>,
        seen_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    put_backs (id) {
        id -> Uuid,
        store_id -> Uuid,
        wanted_at -> Timestamptz,
        requested_by -> Text,
        planned -> Integer,
        refused -> Integer,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    recovery_codes (id) {
        id -> Uuid,
        user_id -> Uuid,
        code_hash -> Binary,
        created_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    report_parts (report_id, attempt, position) {
        report_id -> Uuid,
        attempt -> Integer,
        position -> Integer,
        content -> Binary,
    }
}

diesel::table! {
    reports (id) {
        id -> Uuid,
        user_id -> Uuid,
        store_id -> Nullable<Uuid>,
        run_id -> Nullable<Uuid>,
        kind -> Text,
        parameters -> Jsonb,
        name -> Text,
        state -> Text,
        failure -> Nullable<Text>,
        attempt -> Integer,
        rows_done -> Integer,
        rows_total -> Nullable<Integer>,
        bytes -> BigInt,
        created_at -> Timestamptz,
        finished_at -> Nullable<Timestamptz>,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    rule_products (rule_id, product_id) {
        rule_id -> Uuid,
        product_id -> Uuid,
    }
}

diesel::table! {
    rules (id) {
        id -> Uuid,
        store_id -> Uuid,
        name -> Text,
        strategy -> Text,
        definition -> Jsonb,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        scope -> Text,
        category -> Nullable<Text>,
        product_id -> Nullable<Uuid>,
        position -> Integer,
        enabled -> Bool,
    }
}

diesel::table! {
    saved_views (id) {
        id -> Uuid,
        user_id -> Uuid,
        name -> Text,
        name_folded -> Text,
        query -> Text,
        is_default -> Bool,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        list -> Text,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Uuid,
        secret_sealed -> Nullable<Binary>,
        confirmed_at -> Nullable<Timestamptz>,
        last_step -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    sessions (key_hash) {
        key_hash -> Binary,
        user_id -> Nullable<Uuid>,
        state -> Jsonb,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        expires_at -> Timestamptz,
        id -> Uuid,
    }
}

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Jsonb,
        updated_by -> Nullable<Uuid>,
        updated_at -> Timestamptz,
        version -> Integer,
    }
}

diesel::table! {
    sign_in_attempts (id) {
        id -> Uuid,
        account -> Text,
        address -> Text,
        succeeded -> Bool,
        at -> Timestamptz,
    }
}

diesel::table! {
    stock_falls (id) {
        id -> Uuid,
        product_id -> Uuid,
        at -> Timestamptz,
        units -> Integer,
    }
}

diesel::table! {
    store_access (store_id, user_id) {
        store_id -> Uuid,
        user_id -> Uuid,
        role -> Text,
        created_at -> Timestamptz,
        id -> Uuid,
        version -> Integer,
    }
}

diesel::table! {
    store_catalogues (store_id) {
        store_id -> Uuid,
        products -> BigInt,
        version -> BigInt,
    }
}

diesel::table! {
    store_cities (store_id, city_id) {
        store_id -> Uuid,
        city_id -> Text,
        name -> Text,
    }
}

diesel::table! {
    store_cycles (store_id) {
        store_id -> Uuid,
        started_at -> Timestamptz,
        decided -> BigInt,
        changes -> BigInt,
        big_drops -> BigInt,
        impossible -> BigInt,
        accepted_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    store_points (store_id, point_id) {
        store_id -> Uuid,
        point_id -> Text,
        name -> Text,
        city_id -> Nullable<Text>,
        enabled -> Bool,
    }
}

diesel::table! {
    stores (id) {
        id -> Uuid,
        owner_id -> Uuid,
        merchant_id -> Text,
        name -> Text,
        api_key -> Text,
        active -> Bool,
        session_state -> Text,
        session_checked_at -> Nullable<Timestamptz>,
        logged_in_at -> Nullable<Timestamptz>,
        main_city_id -> Text,
        repricing_mode -> Text,
        products_count -> Integer,
        last_sync_at -> Nullable<Timestamptz>,
        lease_owner -> Nullable<Uuid>,
        lease_epoch -> BigInt,
        lease_until -> Nullable<Timestamptz>,
        frozen_until -> Nullable<Timestamptz>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        account_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    sync_changes (run_id, kind, position) {
        run_id -> Uuid,
        kind -> Text,
        position -> Integer,
        sku -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    sync_pages (store_id, on_sale, page) {
        store_id -> Uuid,
        on_sale -> Bool,
        page -> Integer,
        run_id -> Uuid,
        total -> Integer,
        skus -> Jsonb,
        read_at -> Timestamptz,
    }
}

diesel::table! {
    tariffs (id) {
        id -> Uuid,
        kind -> Text,
        name -> Text,
        valid_from -> Date,
        percent_millionths -> Nullable<BigInt>,
        delivery -> Nullable<Jsonb>,
        version -> Integer,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    users (id) {
        id -> Uuid,
        external_id -> Text,
        email -> Text,
        name -> Text,
        password_hash -> Text,
        role -> Text,
        active -> Bool,
        session_version -> Integer,
        language -> Text,
        theme -> Text,
        last_seen_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        density -> Text,
        shortcuts -> Bool,
        password_given_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    workers (id) {
        id -> Uuid,
        host -> Text,
        pid -> Integer,
        build_id -> Text,
        started_at -> Timestamptz,
        seen_at -> Timestamptz,
    }
}

diesel::joinable!(alerts -> products (product_id));
diesel::joinable!(alerts -> stores (store_id));
diesel::joinable!(api_tokens -> users (user_id));
diesel::joinable!(attempt_evidence -> connection_attempts (attempt_id));
diesel::joinable!(cabinet_accounts -> users (owner_id));
diesel::joinable!(connection_attempts -> cabinet_accounts (account_id));
diesel::joinable!(connection_attempts -> stores (store_id));
diesel::joinable!(connection_attempts -> users (user_id));
diesel::joinable!(feed_fetches -> stores (store_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(import_rows -> imports (import_id));
diesel::joinable!(import_rows -> products (product_id));
diesel::joinable!(imports -> stores (store_id));
diesel::joinable!(imports -> users (user_id));
diesel::joinable!(job_runs -> stores (store_id));
diesel::joinable!(job_runs -> users (requested_by));
diesel::joinable!(kill_switches -> products (product_id));
diesel::joinable!(kill_switches -> stores (store_id));
diesel::joinable!(listed_prices -> products (product_id));
diesel::joinable!(orders_accesses -> stores (store_id));
diesel::joinable!(preorder_orders -> stores (store_id));
diesel::joinable!(preorder_orders -> users (arrival_by));
diesel::joinable!(preorder_upload_lines -> preorder_uploads (upload_id));
diesel::joinable!(preorder_upload_lines -> preorders (preorder_id));
diesel::joinable!(preorder_upload_lines -> products (product_id));
diesel::joinable!(preorder_uploads -> job_runs (run_id));
diesel::joinable!(preorder_uploads -> stores (store_id));
diesel::joinable!(preorder_uploads -> users (requested_by));
diesel::joinable!(preorders -> products (product_id));
diesel::joinable!(preorders -> stores (store_id));
diesel::joinable!(price_decisions -> products (product_id));
diesel::joinable!(price_decisions -> stores (store_id));
diesel::joinable!(price_feeds -> stores (store_id));
diesel::joinable!(price_push_cities -> price_pushes (push_id));
diesel::joinable!(price_pushes -> price_decisions (decision_id));
diesel::joinable!(price_pushes -> products (product_id));
diesel::joinable!(price_pushes -> put_backs (put_back_id));
diesel::joinable!(price_pushes -> stores (store_id));
diesel::joinable!(price_pushes -> users (actor_id));
diesel::joinable!(pricing_terms -> products (product_id));
diesel::joinable!(pricing_terms -> stores (store_id));
diesel::joinable!(product_checks -> products (product_id));
diesel::joinable!(product_columns -> users (user_id));
diesel::joinable!(product_prices -> products (product_id));
diesel::joinable!(products -> stores (store_id));
diesel::joinable!(public_looks -> price_pushes (push_id));
diesel::joinable!(public_looks -> products (product_id));
diesel::joinable!(public_looks -> stores (store_id));
diesel::joinable!(put_backs -> stores (store_id));
diesel::joinable!(recovery_codes -> second_factors (user_id));
diesel::joinable!(report_parts -> reports (report_id));
diesel::joinable!(reports -> job_runs (run_id));
diesel::joinable!(reports -> stores (store_id));
diesel::joinable!(reports -> users (user_id));
diesel::joinable!(rule_products -> products (product_id));
diesel::joinable!(rule_products -> rules (rule_id));
diesel::joinable!(rules -> products (product_id));
diesel::joinable!(rules -> stores (store_id));
diesel::joinable!(saved_views -> users (user_id));
diesel::joinable!(second_factors -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(settings -> users (updated_by));
diesel::joinable!(stock_falls -> products (product_id));
diesel::joinable!(store_access -> stores (store_id));
diesel::joinable!(store_access -> users (user_id));
diesel::joinable!(store_catalogues -> stores (store_id));
diesel::joinable!(store_cities -> stores (store_id));
diesel::joinable!(store_cycles -> stores (store_id));
diesel::joinable!(store_points -> stores (store_id));
diesel::joinable!(stores -> cabinet_accounts (account_id));
diesel::joinable!(stores -> users (owner_id));
diesel::joinable!(sync_changes -> job_runs (run_id));
diesel::joinable!(sync_pages -> job_runs (run_id));
diesel::joinable!(sync_pages -> stores (store_id));

diesel::allow_tables_to_appear_in_same_query!(
    alert_channels,
    alerts,
    api_tokens,
    attempt_evidence,
    audit_log,
    cabinet_accounts,
    connection_attempts,
    feed_fetches,
    idempotency_keys,
    import_rows,
    imports,
    job_runs,
    kill_switches,
    listed_prices,
    market_offers,
    market_snapshots,
    orders_accesses,
    past_market_offers,
    preorder_orders,
    preorder_upload_lines,
    preorder_uploads,
    preorders,
    price_changes,
    price_decisions,
    price_feeds,
    price_push_cities,
    price_pushes,
    pricing_terms,
    product_checks,
    product_columns,
    product_prices,
    products,
    proxies,
    public_looks,
    put_backs,
    recovery_codes,
    report_parts,
    reports,
    rule_products,
    rules,
    saved_views,
    second_factors,
    sessions,
    settings,
    sign_in_attempts,
    stock_falls,
    store_access,
    store_catalogues,
    store_cities,
    store_cycles,
    store_points,
    stores,
    sync_changes,
    sync_pages,
    tariffs,
    users,
    workers,
);
