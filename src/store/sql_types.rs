//! How domain values are stored: keys as uuid, money as bigint, words as text. The domain knows none of it.

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    internal::derives::as_expression::Bound,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::{BigInt, Nullable, SingleValue, Text, Uuid},
};

use crate::domain::{
    AccountId, AccountKind, ActorKind, AlertChannel, AlertChannelId, AlertId, AlertKind, AlertSeverity,
    ApiTokenId, Arrival, AttemptId, AttemptState, AuditId, DecisionId, ImportId, JobKind, JobRunId, JobState,
    KillSwitchId, ListFormat, MarketOfferId, Outcome, PreorderId, PreorderOrderId, PreorderStatus,
    PreorderUploadId, ProductId, ProxyId, ProxyOrigin, ProxyScheme, Publishing, PushId, PushOrigin,
    PushState, PutBackId, ReportId, ReportKind, ReportState, RepricingMode, Role, RuleId, RuleScope,
    SavedViewId, SessionState, StopScope, StoreId, SyncChangeKind, TariffId, TariffKind, Tenge, TermsId,
    UploadState, UserId, WriteClass,
    imports::{ImportKind, ImportRowState, ImportState},
    pricing::GoalKind,
};

/// Lets a domain type stand for a column type, nullable or not.
macro_rules! as_column {
    ($type:ty, $sql:ty) => {
        impl<DB: Backend, ST: SingleValue> Queryable<ST, DB> for $type
        where
            Self: FromSql<ST, DB>,
        {
            type Row = Self;
            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
        impl AsExpression<$sql> for $type {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'e> AsExpression<$sql> for &'e $type {
            type Expression = Bound<$sql, &'e $type>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl AsExpression<Nullable<$sql>> for $type {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl<'e> AsExpression<Nullable<$sql>> for &'e $type {
            type Expression = Bound<Nullable<$sql>, &'e $type>;
            fn as_expression(self) -> Self::Expression {
                Bound::new(self)
            }
        }
        impl ToSql<Nullable<$sql>, Pg> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<$sql, Pg>::to_sql(self, out)
            }
        }
    };
}

macro_rules! wrapped {
    ($raw:ty, $sql:ty: $($type:ident),+ $(,)?) => {$(
        impl FromSql<$sql, Pg> for $type {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                <$raw as FromSql<$sql, Pg>>::from_sql(value).map($type)
            }
        }
        impl ToSql<$sql, Pg> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <$raw as ToSql<$sql, Pg>>::to_sql(&self.0, out)
            }
        }
        as_column!($type, $sql);
    )+};
}

macro_rules! words {
    ($($type:ident),+ $(,)?) => {$(
        impl FromSql<Text, Pg> for $type {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(<String as FromSql<Text, Pg>>::from_sql(value)?.parse()?)
            }
        }
        impl ToSql<Text, Pg> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
            }
        }
        as_column!($type, Text);
    )+};
}

wrapped!(uuid::Uuid, Uuid: AccountId, UserId, ApiTokenId, StoreId, AttemptId, ProductId, MarketOfferId, RuleId, DecisionId,
    PushId, PutBackId, AlertId, AlertChannelId, KillSwitchId, PreorderId, PreorderOrderId, PreorderUploadId, JobRunId, AuditId, ProxyId, ReportId, TariffId, TermsId, ImportId, SavedViewId);
wrapped!(i64, BigInt: Tenge);
words!(
    ImportKind,
    ImportRowState,
    ImportState,
    AccountKind,
    AlertChannel,
    AlertKind,
    AlertSeverity,
    Role,
    SessionState,
    RepricingMode,
    AttemptState,
    Outcome,
    PushState,
    PushOrigin,
    PreorderStatus,
    JobKind,
    JobState,
    StopScope,
    SyncChangeKind,
    ActorKind,
    ProxyOrigin,
    ProxyScheme,
    TariffKind,
    GoalKind,
    RuleScope,
    WriteClass,
    UploadState,
    ListFormat,
    Arrival,
    Publishing,
    ReportKind,
    ReportState,
);
