//! States and roles: the words that stand in tables, API and texts.

use super::text_enum::text_enum;

text_enum! {
    /// What a person may do everywhere in the panel.
    Role {
        /// Sees and changes everything.
        Admin = "admin",
        /// Sees and changes own stores and those shared with him.
        Manager = "manager",
        /// Reads own stores and those shared with him.
        Viewer = "viewer",
    }
}

text_enum! {
    /// Is the cabinet session of a store usable?
    SessionState {
        /// Never logged in.
        Never = "never",
        /// The last use of the session succeeded.
        Connected = "connected",
        /// The session ended and the program logs in again by itself; work for the store waits.
        Renewing = "renewing",
        /// The session ended; everything for the store waits for a login.
        NeedsLogin = "needs_login",
    }
}

text_enum! {
    /// How an account of the cabinet is named.
    AccountKind {
        /// By e-mail, with a password.
        Email = "email",
        /// By telephone number, with a code by SMS.
        Phone = "phone",
    }
}

text_enum! {
    /// What the robot does with a store.
    RepricingMode {
        /// Nothing is decided.
        Off = "off",
        /// Decided and explained, nothing is sent.
        Shadow = "shadow",
        /// Prices are sent.
        Live = "live",
    }
}

text_enum! {
    /// Where a login stands.
    AttemptState {
        /// Waits for a worker.
        Queued = "queued",
        /// A worker is at it.
        Running = "running",
        /// Waits for the code that came by SMS.
        SmsCode = "sms_code",
        /// Waits for the code that came by mail.
        MailCode = "mail_code",
        /// Waits for the password.
        Password = "password",
        /// The account has several merchants: one must be chosen.
        ChooseMerchant = "choose_merchant",
        /// Wrong account or password: a person must correct it.
        WrongCredentials = "wrong_credentials",
        /// The marketplace wants a code, and nobody was there to type it.
        NeedsCode = "needs_code",
        /// The code came too late.
        CodeExpired = "code_expired",
        /// The marketplace wants us to wait until `blocked_until`.
        Blocked = "blocked",
        /// The login page is not the one we know.
        PageChanged = "page_changed",
        /// The marketplace wants to see a person.
        Captcha = "captcha",
        /// The account has no shop, or not the wanted one.
        NoMerchants = "no_merchants",
        /// The account may not enter the cabinet.
        NoPermission = "no_permission",
        /// Chromium or its driver is not installed on the worker's machine.
        BrowserMissing = "browser_missing",
        /// The marketplace did not answer.
        Unavailable = "unavailable",
        /// Broken off half-way, e.g. because the worker ended: start again.
        Interrupted = "interrupted",
        /// Called off by the person who began it.
        Cancelled = "cancelled",
        /// Something else; the log tells more.
        Failed = "failed",
        /// Logged in.
        Done = "done",
    }
}

impl AttemptState {
    /// True when nothing more happens without a new attempt.
    #[must_use]
    pub fn is_final(self) -> bool {
        !self.is_working() && !self.waits_for_person()
    }

    /// A worker is at it, or will be.
    #[must_use]
    pub fn is_working(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }

    /// A person must answer before it goes on.
    #[must_use]
    pub fn waits_for_person(self) -> bool {
        matches!(
            self,
            Self::SmsCode | Self::MailCode | Self::Password | Self::ChooseMerchant
        )
    }

    /// True when it waits for a code.
    #[must_use]
    pub fn wants_code(self) -> bool {
        matches!(self, Self::SmsCode | Self::MailCode)
    }

    /// The cause passes by itself: the same login may succeed a little later.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(
            self,
            Self::Blocked | Self::Unavailable | Self::Interrupted | Self::Failed
        )
    }
}

text_enum! {
    /// The answer of the deciding function.
    Outcome {
        /// A new price.
        Change = "change",
        /// Already right, or not worth a write.
        Keep = "keep",
        /// Not now: evidence, scenario or a guard.
        Hold = "hold",
        /// Cannot be repriced: limits missing or contradictory.
        Refuse = "refuse",
    }
}

text_enum! {
    /// Where a price write stands: the only list, in tables, API and texts.
    PushState {
        /// Written down, not yet taken up.
        Planned = "planned",
        /// A worker holds it under its lease.
        Claimed = "claimed",
        /// On its way: the request may have arrived.
        Sent = "sent",
        /// The marketplace took the order; not yet seen applied.
        Accepted = "accepted",
        /// A read showed the price.
        Confirmed = "confirmed",
        /// The marketplace refused it.
        Rejected = "rejected",
        /// The outcome is not known; resolved by reading, never by guessing.
        Unknown = "unknown",
        /// Another price is visible.
        Mismatch = "mismatch",
        /// The offer went off sale after the write.
        Removed = "removed",
        /// A newer decision took its place.
        Superseded = "superseded",
        /// Its life ended before the send.
        Expired = "expired",
        /// A gate or a breaker said no.
        Held = "held",
    }
}

impl PushState {
    /// Those that have not ended.
    pub const OPEN: [Self; 5] = [
        Self::Planned,
        Self::Claimed,
        Self::Sent,
        Self::Accepted,
        Self::Unknown,
    ];

    /// True when the push will not change any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(
            self,
            Self::Planned | Self::Claimed | Self::Sent | Self::Accepted | Self::Unknown
        )
    }

    /// May the push go from this state to `next`? (`sent` twice: a crash between send and answer; `sent` to `held`:
    /// certainly nothing left the program.)
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match self {
            Self::Planned => matches!(
                next,
                Self::Claimed | Self::Superseded | Self::Expired | Self::Held
            ),
            Self::Claimed => matches!(
                next,
                Self::Planned | Self::Sent | Self::Superseded | Self::Expired | Self::Held
            ),
            // Held: the client itself kept it back, so that nothing left.
            Self::Sent => matches!(next, Self::Accepted | Self::Rejected | Self::Unknown | Self::Held),
            Self::Accepted => matches!(next, Self::Confirmed | Self::Mismatch | Self::Removed),
            Self::Unknown => matches!(
                next,
                Self::Planned
                    | Self::Accepted
                    | Self::Confirmed
                    | Self::Mismatch
                    | Self::Removed
                    | Self::Expired
                    | Self::Superseded
            ),
            _ => false,
        }
    }
}

text_enum! {
    /// Who wanted a price.
    PushOrigin {
        /// The repricing loop.
        Robot = "robot",
        /// A person, in the panel or by the API.
        Person = "person",
        /// A person who put an earlier price back.
        PutBack = "put_back",
        /// The program itself, to bring back points of service that a write damaged; no price changes.
        Restore = "restore",
    }
}

text_enum! {
    /// What a price write is for, in the order in which writes go.
    WriteClass {
        /// The present price is outside its limits.
        Repair = "repair",
        /// A write damaged stock, points of service or preorder days.
        Restore = "restore",
        /// Wins a better place.
        Place = "place",
        /// Asks for more.
        Raise = "raise",
        /// Neither: nobody waits for it.
        Cosmetic = "cosmetic",
    }
}

text_enum! {
    /// Where a preorder stands.
    PreorderStatus {
        /// Being prepared.
        Processing = "processing",
        /// Done.
        Completed = "completed",
        /// Called off.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Kinds of background work that people see.
    JobKind {
        /// Logs a store in with a browser.
        ConnectStore = "connect_store",
        /// Reads the whole catalogue of a store.
        SyncStore = "sync_store",
        /// Delivers an alert outside of the panel.
        SendAlert = "send_alert",
        /// Uploads a store's preorders to the marketplace.
        UploadPreorders = "upload_preorders",
        /// Tells the marketplace that the goods of a preorder order are there.
        TellArrived = "tell_arrived",
        /// Makes a report that a person asked for.
        MakeReport = "make_report",
        /// Writes an import, or brings back what was there before.
        ApplyImport = "apply_import",
    }
}

text_enum! {
    /// How far it is told to the marketplace that the goods of an order are there.
    Arrival {
        /// A person said so; it has not left yet.
        Asked = "asked",
        /// The marketplace took it.
        Told = "told",
        /// No clear answer: the order is read again.
        Unclear = "unclear",
        /// Refused, or read again and not as wanted.
        Failed = "failed",
    }
}

text_enum! {
    /// Where a file of preorders stands on its way to the marketplace.
    UploadState {
        /// For its turn: the marketplace takes one file of a shop at a time.
        Waiting = "waiting",
        /// Leaves or has left; whether it was taken is read, never guessed.
        Sending = "sending",
        /// Taken; the marketplace works on it.
        Processing = "processing",
        /// All of it was taken over.
        Applied = "applied",
        /// Some rows were refused.
        AppliedPartly = "applied_partly",
        /// Nothing was taken over.
        Failed = "failed",
        /// The marketplace has not said what became of it within an hour.
        Unknown = "unknown",
        /// Called off before it left.
        Cancelled = "cancelled",
    }
}

impl UploadState {
    /// Nothing more will happen.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sending | Self::Processing)
    }
}

text_enum! {
    /// In which form a list of goods goes to the marketplace.
    ListFormat {
        /// The spreadsheet: five points of service, one price.
        Xlsx = "xlsx",
        /// XML: any number of points, a price for each city.
        Xml = "xml",
    }
}

text_enum! {
    /// Where a run of background work stands.
    JobState {
        /// Waits for a worker.
        Queued = "queued",
        /// Being done.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Given up; `failure` names the cause.
        Failed = "failed",
        /// Called off by a person.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// What a sync run did to a product.
    SyncChangeKind {
        /// New in the catalogue.
        Added = "added",
        /// Something differs.
        Changed = "changed",
        /// Not in the catalogue any more.
        Archived = "archived",
        /// Had been archived and is back.
        Restored = "restored",
        /// Its row could not be read; the product stays as it was.
        Failed = "failed",
    }
}

text_enum! {
    /// What a stop covers.
    StopScope {
        /// Every store.
        All = "all",
        /// One store.
        Store = "store",
        /// Every product whose price this strategy found, in all stores.
        Strategy = "strategy",
        /// One product.
        Product = "product",
    }
}

text_enum! {
    /// Through which door an act came.
    ActorKind {
        /// A person in the panel.
        Person = "person",
        /// A client of the JSON API.
        Api = "api",
        /// The repricing loop.
        Robot = "robot",
        /// The program itself or its command line.
        System = "system",
    }
}

text_enum! {
    /// What a rule of repricing is attached to. Of several rules the nearest wins, in this order.
    RuleScope {
        /// One product.
        Product = "product",
        /// Chosen products of a store.
        Selection = "selection",
        /// A category of a store.
        Category = "category",
        /// A whole store.
        Store = "store",
    }
}

text_enum! {
    /// What a person should hear of.
    AlertKind {
        /// A store's session ended, and only a person can log in again.
        SessionLost = "session_lost",
        /// Somebody stopped prices.
        StoreStopped = "store_stopped",
        /// The program stopped prices by itself.
        Breaker = "breaker",
        /// After a write the shop shows another price.
        Mismatch = "mismatch",
        /// Products came down to their floor.
        FloorReached = "floor_reached",
        /// Products lost the first place.
        FirstPlaceLost = "first_place_lost",
        /// After a write an offer was off sale.
        OfferRemoved = "offer_removed",
        /// A worker ended in the middle of its work.
        WorkerLost = "worker_lost",
        /// After a write points of service, stock or preorder days were others.
        OfferDamaged = "offer_damaged",
        /// The cabinet shows our price, buyers do not see it.
        NotShown = "not_shown",
        /// A brake holds a price or a store until a person has looked.
        NeedsPerson = "needs_person",
        /// The marketplace fetched a price list, and there was no complete one.
        FeedRefused = "feed_refused",
        /// Somebody who knows a user's password guesses codes of his second factor.
        CodesGuessed = "codes_guessed",
    }
}

text_enum! {
    /// How soon a person should look.
    AlertSeverity {
        /// At once: money or sales are at stake.
        Critical = "critical",
        /// Today.
        Warning = "warning",
        /// Good to know.
        Notice = "notice",
    }
}

impl AlertKind {
    /// What writes did to offers: urgent, and nothing else stops the store for it.
    pub const OF_WRITES: [Self; 3] = [Self::Mismatch, Self::OfferRemoved, Self::OfferDamaged];

    /// How soon a person should look.
    #[must_use]
    pub const fn severity(self) -> AlertSeverity {
        match self {
            Self::SessionLost | Self::Breaker | Self::Mismatch | Self::OfferRemoved | Self::OfferDamaged => {
                AlertSeverity::Critical
            }
            Self::StoreStopped
            | Self::WorkerLost
            | Self::NotShown
            | Self::NeedsPerson
            | Self::FeedRefused
            | Self::CodesGuessed => AlertSeverity::Warning,
            Self::FloorReached | Self::FirstPlaceLost => AlertSeverity::Notice,
        }
    }
}

text_enum! {
    /// Where an alert is delivered to, besides the panel.
    AlertChannel {
        /// A bot of Telegram.
        Telegram = "telegram",
        /// Mail.
        Email = "email",
        /// A signed POST to an address of one's own.
        Webhook = "webhook",
    }
}
