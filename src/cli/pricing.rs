//! `pricing …`: the pure engine on JSON Lines, for support, replay and tests. Needs no database.

use std::{
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::domain::pricing::wire;

/// `kaspi-panel pricing …`
#[derive(Debug, Subcommand)]
pub enum PricingCommand {
    /// Decides about prices: one JSON object a line on standard input, one answer a line on standard output.
    ///
    /// Each line says all that the decision depends on: the product as observed, own merchants, limits, costs,
    /// the rule and the market. Lines that cannot be read are answered with an error that names the field; the
    /// exit status is then 2.
    #[command(after_help = DECIDE_EXAMPLE)]
    Decide,
    /// Lists the safe prices of limits and costs: JSON Lines as for `decide`.
    ///
    /// `safe` are all prices within the limits that meet the goal, `undominated` those of them of which no
    /// lower one earns as much. An open end is null; a product that would be refused has none.
    #[command(after_help = SAFE_SET_EXAMPLE)]
    SafeSet,
}

const DECIDE_EXAMPLE: &str = r#"Example:
  echo '{"id": "1", "now": "2026-11-25T10:00:00Z", "product": {"merchant": "US", "price": 10500},
    "own_merchants": ["US"], "limits": {"floor": 9000, "ceiling": 12000},
    "rule": {"strategy": {"kind": "beat_lowest", "step": {"tenge": 10}}},
    "market": {"taken_at": "2026-11-25T10:00:00Z", "complete": true, "total": 2,
      "offers": [{"merchant": "US", "price": 10500}, {"merchant": "C1", "price": 10000}]}}' |
    tr -d '\n' | kaspi-panel pricing decide"#;

const SAFE_SET_EXAMPLE: &str = r#"Example:
  echo '{"id": "1", "limits": {"ceiling": 20000}, "economics": {"unit_cost": 3000,
    "commission_percent": "12.5", "tax_percent": "3", "delivery_vat_percent": "16",
    "delivery": [{"up_to": 4999, "fee": 199}, {"up_to": null, "fee": 699}],
    "goal": {"kind": "profit", "value": 300}}}' | tr -d '\n' | kaspi-panel pricing safe-set"#;

/// The exit status when a line could not be read.
const UNREADABLE: u8 = 2;

/// More than a line may be; so that memory stays bounded.
const LONGEST_LINE: u64 = 64 << 20;

/// Runs a `pricing` command.
pub fn run(command: &PricingCommand) -> Result<ExitCode> {
    let answer: Answer = match command {
        PricingCommand::Decide => wire::answer_decide,
        PricingCommand::SafeSet => wire::answer_safe_set,
    };
    match stream(io::stdin().lock(), io::stdout().lock(), answer) {
        Ok(0) => Ok(ExitCode::SUCCESS),
        Ok(unreadable) => {
            // Nobody is left to tell when standard error is closed.
            let _closed = writeln!(
                io::stderr(),
                "kaspi-panel: {unreadable} line(s) could not be read"
            );
            Ok(ExitCode::from(UNREADABLE))
        }
        // Whoever read the answers has enough of them.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("cannot read or write the lines"),
    }
}

/// Answers one line into the buffer; false: it could not be read.
type Answer = fn(line: &[u8], number: u64, out: &mut Vec<u8>) -> bool;

/// Answers line by line and gives the number of those that could not be read. What is answered is written at
/// the latest when no further line waits.
fn stream(input: impl Read, output: impl Write, answer: Answer) -> io::Result<u64> {
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut output = BufWriter::with_capacity(256 << 10, output);
    let (mut line, mut answered) = (Vec::new(), Vec::new());
    let (mut number, mut unreadable) = (0, 0);
    loop {
        line.clear();
        answered.clear();
        if (&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            output.flush()?;
            return Ok(unreadable);
        }
        number += 1;
        let whole = line.ends_with(b"\n") || u64::try_from(line.len()).is_ok_and(|len| len < LONGEST_LINE);
        if !whole {
            input.skip_until(b'\n')?;
            wire::answer_too_long(number, &mut answered);
            unreadable += 1;
        } else if !answer(line.strip_suffix(b"\n").unwrap_or(&line), number, &mut answered) {
            unreadable += 1;
        }
        output.write_all(&answered)?;
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}
