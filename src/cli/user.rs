//! `user …` and `token …`: accounts of people and keys of the JSON API.

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::{ask::Answers, program::Program, say};
use crate::{
    app::{
        api_tokens::{create_api_token, list_api_tokens, owner_of_email, revoke_api_token},
        second_factor, user_accounts,
    },
    domain::{Actor, ApiTokenId, Role},
    secrets::Secret,
};

/// `kaspi-panel user …`
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes an account.
    #[command(
        after_help = "Example: kaspi-panel user create --email anna@example.kz --role admin --password-stdin < password.txt"
    )]
    Create {
        /// What the person signs in with.
        #[arg(long)]
        email: String,
        /// admin, manager or viewer.
        #[arg(long)]
        role: Role,
        /// Shown name.
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Sets a new password and ends all sessions of the account.
    #[command(after_help = "Example: kaspi-panel user password --email anna@example.kz")]
    Password {
        /// Whose.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Lists the accounts.
    #[command(after_help = "Example: kaspi-panel user list --json")]
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Switches an account off; its sessions end at once.
    #[command(after_help = "Example: kaspi-panel user disable --email anna@example.kz")]
    Disable {
        /// Whose.
        #[arg(long)]
        email: String,
    },
    /// Switches the second step of signing in off, for who has lost the app and the recovery codes.
    #[command(after_help = "Example: kaspi-panel user second-factor-off --email anna@example.kz")]
    SecondFactorOff {
        /// Whose.
        #[arg(long)]
        email: String,
    },
}

/// Where the password comes from: never the command line, which everybody can see.
#[derive(Debug, Args)]
pub struct PasswordArgs {
    /// Read the password from standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArgs {
    async fn read(&self) -> Result<Secret> {
        Answers::new(self.password_stdin).secret("Password").await
    }
}

/// Runs a `user` command.
pub async fn user(command: UserCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let actor = Actor::system();
    match command {
        UserCommand::Create {
            email,
            role,
            name,
            password,
        } => {
            let new = user_accounts::NewUser {
                email,
                name,
                role,
                password: password.read().await?,
            };
            let user = user_accounts::create_user(&services, &actor, new).await?;
            say(format!("User {} ({}) can sign in.", user.email, user.role));
        }
        UserCommand::Password { email, password } => {
            user_accounts::set_password(&services, &actor, &email, password.read().await?).await?;
            say(format!("{email} has a new password; all sessions ended."));
        }
        UserCommand::List { json } => {
            for user in user_accounts::list_users(&services).await? {
                if json {
                    say(
                        serde_json::json!({ "email": user.email, "name": user.name, "role": user.role,
                        "active": user.active, "external_id": user.external_id }),
                    );
                } else {
                    let state = if user.active { "" } else { "  (disabled)" };
                    say(format!(
                        "{:<8} {}  {}{state}",
                        user.role.as_str(),
                        user.email,
                        user.name
                    ));
                }
            }
        }
        UserCommand::Disable { email } => {
            user_accounts::set_active(&services, &actor, &email, false).await?;
            say(format!("{email} is switched off."));
        }
        UserCommand::SecondFactorOff { email } => {
            let owner = owner_of_email(&services, &email).await?;
            second_factor::switch_off_for(&services, &actor, owner).await?;
            say(format!(
                "{email} signs in with the password alone; all sessions ended."
            ));
        }
    }
    Ok(())
}

/// `kaspi-panel token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes a key of the JSON API and prints it: the only time it can be read.
    #[command(after_help = "Example: kaspi-panel token create --user anna@example.kz --name script")]
    Create {
        /// E-mail of the user whose rights it carries.
        #[arg(long)]
        user: String,
        /// What it is for.
        #[arg(long)]
        name: String,
    },
    /// Lists the tokens of a user, newest first: when each was made, last used and revoked.
    List {
        /// E-mail of the user.
        #[arg(long)]
        user: String,
        /// Machine-readable output, one object per line.
        #[arg(long)]
        json: bool,
    },
    /// Refuses a token from now on.
    #[command(after_help = "Example: kaspi-panel token revoke --user anna@example.kz 0198b2c4-…")]
    Revoke {
        /// E-mail of the user.
        #[arg(long)]
        user: String,
        /// The first column of `token list`.
        id: ApiTokenId,
    },
}

/// Runs a `token` command.
pub async fn token(command: TokenCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let actor = Actor::system();
    match command {
        TokenCommand::Create { user, name } => {
            let (_, key) = create_api_token(&services, &actor, &user, &name)
                .await
                .context("no token was made")?;
            say(key.expose_secret());
        }
        TokenCommand::List { user, json } => {
            let owner = owner_of_email(&services, &user).await?;
            for token in list_api_tokens(&services, owner).await? {
                let (made, used, revoked) = (token.created_at, token.last_used_at, token.revoked_at);
                if json {
                    say(
                        serde_json::json!({ "id": token.id, "name": token.name, "created_at": made,
                        "last_used_at": used, "revoked_at": revoked }),
                    );
                } else {
                    let used = used.map_or_else(|| "never used".to_owned(), |at| format!("used {at:.0}"));
                    let revoked = revoked.map_or_else(String::new, |at| format!("  (revoked {at:.0})"));
                    say(format!(
                        "{}  made {made:.0}  {used}  {}{revoked}",
                        token.id, token.name
                    ));
                }
            }
        }
        TokenCommand::Revoke { user, id } => {
            let owner = owner_of_email(&services, &user).await?;
            revoke_api_token(&services, &actor, owner, id)
                .await
                .context("no token was revoked: see `kaspi-panel token list`")?;
            say(format!("{id} is refused from now on."));
        }
    }
    Ok(())
}
