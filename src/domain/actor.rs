//! Who acts. Every function of `app` that changes something takes an [`Actor`] and writes it to the audit log.

use super::{ActorKind, Role, UserId};

/// A person, a program or the robot, with what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Through which door.
    pub kind: ActorKind,
    /// The user behind it; `None` for robot and system.
    pub user_id: Option<UserId>,
    /// Rights; robot and system act as administrators.
    pub role: Role,
    /// Name for the log.
    pub name: String,
    /// Identity of the request or job that caused the act.
    pub request_id: Option<String>,
}

impl Actor {
    /// The repricing loop.
    #[must_use]
    pub fn robot() -> Self {
        Self {
            kind: ActorKind::Robot,
            user_id: None,
            role: Role::Admin,
            name: "robot".into(),
            request_id: None,
        }
    }

    /// The command line and the program's own upkeep.
    #[must_use]
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            user_id: None,
            role: Role::Admin,
            name: "system".into(),
            request_id: None,
        }
    }

    /// Administrators see every store.
    #[must_use]
    pub fn sees_everything(&self) -> bool {
        self.role == Role::Admin
    }

    /// Viewers change nothing.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.role != Role::Viewer
    }
}

/// Which stores a query may touch: every query of sellers' data takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tenant {
    /// Every store: administrators, the robot, the program itself.
    All,
    /// Stores that the user owns or that are shared with him.
    User(UserId),
}

impl Actor {
    /// The stores this actor may see. An actor without rights over all and without a user sees none of them.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        match (self.role, self.user_id) {
            (Role::Admin, _) => Tenant::All,
            (_, Some(user)) => Tenant::User(user),
            (_, None) => Tenant::User(UserId(uuid::Uuid::nil())),
        }
    }
}
