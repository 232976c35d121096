//! How the prices of a store reach the marketplace: written in the cabinet, fetched by it as a price list, or both.

use super::text_enum::text_enum;

text_enum! {
    /// How the prices of a store reach the marketplace.
    Publishing {
        /// Written in the cabinet; there is no price list.
        Cabinet = "cabinet",
        /// Fetched as a price list; nothing is written.
        Feed = "feed",
        /// Written in the cabinet; the price list repeats what was confirmed.
        BothCabinetLeads = "both_cabinet_leads",
        /// Written in the cabinet as well; the price list shows decided prices first.
        BothFeedLeads = "both_feed_leads",
    }
}

impl Publishing {
    /// Can the price list be fetched?
    #[must_use]
    pub fn has_feed(self) -> bool {
        self != Self::Cabinet
    }

    /// Does the price list show decided prices before they are confirmed?
    #[must_use]
    pub fn feed_leads(self) -> bool {
        matches!(self, Self::Feed | Self::BothFeedLeads)
    }
}

text_enum! {
    /// Why there is no complete price list. Nothing is published then: half a list takes goods off sale.
    FeedRefusal {
        /// The store is switched off.
        StoreOff = "store_off",
        /// The catalogue was not read completely within a day.
        NotSynced = "not_synced",
        /// There is no product.
        Empty = "empty",
        /// A product has no article, or one that the list cannot hold.
        NoSku = "no_sku",
        /// A product has no title.
        NoModel = "no_model",
        /// A product has no confirmed price.
        NoPrice = "no_price",
        /// The points of service of a product are not known.
        NoPoints = "no_points",
        /// A product on sale is below its floor.
        BelowFloor = "below_floor",
        /// A product on sale is above its ceiling.
        AboveCeiling = "above_ceiling",
        /// A product on sale earns less than its goal.
        BelowGoal = "below_goal",
        /// More than a fifth of the offers of the last list would be gone.
        Shrunk = "shrunk",
        /// More than the list may hold.
        TooMany = "too_many",
    }
}
