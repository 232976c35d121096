//! Asking the person at the terminal. What is secret is not shown while it is typed; where there is no
//! terminal it comes line by line from standard input, and only where that was said.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, Result, bail};

use crate::{secrets::Secret, telemetry};

/// Where answers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// The terminal.
    Terminal,
    /// Standard input, one answer a line.
    Stdin,
}

impl Answers {
    /// Standard input where it was asked for, else the terminal.
    pub fn new(stdin: bool) -> Self {
        if stdin { Self::Stdin } else { Self::Terminal }
    }

    /// A secret; `prompt` as in `Password`.
    pub async fn secret(self, prompt: &str) -> Result<Secret> {
        let prompt = format!("{prompt}: ");
        telemetry::spawn_blocking(move || self.secret_blocking(&prompt)).await?
    }

    /// Something that may be seen.
    pub async fn text(self, prompt: &str) -> Result<String> {
        let prompt = format!("{prompt}: ");
        telemetry::spawn_blocking(move || {
            if self == Self::Terminal {
                demand_terminal()?;
                write!(std::io::stderr(), "{prompt}")?;
            }
            line()
        })
        .await?
    }

    fn secret_blocking(self, prompt: &str) -> Result<Secret> {
        match self {
            Self::Stdin => line().map(Secret::from),
            Self::Terminal => {
                demand_terminal()?;
                let typed = rpassword::prompt_password(prompt).context("the terminal cannot be read")?;
                Ok(Secret::from(typed))
            }
        }
    }
}

fn demand_terminal() -> Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("no terminal to ask at: add --password-stdin and give the answers line by line");
    }
    Ok(())
}

fn line() -> Result<String> {
    let mut text = String::new();
    if std::io::stdin().lock().read_line(&mut text)? == 0 {
        bail!("standard input ended before the answer");
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
