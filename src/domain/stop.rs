//! What a stop of automatic prices is aimed at.

use std::{fmt, str::FromStr};

use super::{ProductId, StopScope, StoreId, UnknownWord};

/// Everything, a store, a strategy or a product; written as `all`, `store:KEY`, `strategy:WORD`, `product:KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StopTarget {
    /// Every store.
    All,
    /// One store.
    Store(StoreId),
    /// Every product whose price this strategy found, in all stores.
    Strategy(String),
    /// One product.
    Product(ProductId),
}

impl StopTarget {
    /// How wide it is.
    #[must_use]
    pub const fn scope(&self) -> StopScope {
        match self {
            Self::All => StopScope::All,
            Self::Store(_) => StopScope::Store,
            Self::Strategy(_) => StopScope::Strategy,
            Self::Product(_) => StopScope::Product,
        }
    }
}

impl fmt::Display for StopTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scope().as_str())?;
        match self {
            Self::All => Ok(()),
            Self::Store(id) => write!(f, ":{id}"),
            Self::Strategy(kind) => write!(f, ":{kind}"),
            Self::Product(id) => write!(f, ":{id}"),
        }
    }
}

impl FromStr for StopTarget {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord {
            kind: "StopTarget",
            text: text.to_owned(),
        };
        let (scope, which) = text.split_once(':').unwrap_or((text, ""));
        match (scope.parse()?, which) {
            (StopScope::All, "") => Ok(Self::All),
            (StopScope::Store, id) => id.parse().map(Self::Store).map_err(|_| unknown()),
            (StopScope::Product, id) => id.parse().map(Self::Product).map_err(|_| unknown()),
            (StopScope::Strategy, kind) if !kind.is_empty() => Ok(Self::Strategy(kind.to_owned())),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for target in [
            StopTarget::All,
            StopTarget::Store(StoreId::new()),
            StopTarget::Strategy("beat_lowest".into()),
            StopTarget::Product(ProductId::new()),
        ] {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
        for text in [
            "",
            "all:1",
            "store",
            "store:1",
            "strategy",
            "strategy:",
            "product:x",
            "everything",
        ] {
            assert!(text.parse::<StopTarget>().is_err(), "{text}");
        }
    }
}
