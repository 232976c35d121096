//! `pricing …`: the pure engine on JSON Lines, for support, replay and tests. Needs no database.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
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

/// Bytes of lines that are answered together.
const BATCH: usize = 1 << 20;

/// Fewer lines are answered at once, without help.
const WORTH_SHARING: usize = 64;

/// Answers line by line and gives the number of those that could not be read. Lines that are there already are
/// shared among the processors; what is answered is written at the latest when no further line waits.
fn stream(input: impl Read, mut output: impl Write, answer: Answer) -> io::Result<u64> {
    let mut input = BufReader::with_capacity(BATCH, input);
    let (mut number, mut unreadable) = (0, 0);
    let mut lines: Vec<Line> = Vec::new();
    loop {
        lines.clear();
        while let Some(line) = next_line(&mut input, number + 1)? {
            number += 1;
            lines.push(line);
            if !input.buffer().contains(&b'\n') {
                break;
            }
        }
        if lines.is_empty() {
            output.flush()?;
            return Ok(unreadable);
        }
        for part in answer_lines(&lines, answer) {
            output.write_all(&part.answers)?;
            unreadable += part.unreadable;
        }
        output.flush()?;
    }
}

/// A line with its number; `None`: more came than a line may be.
struct Line {
    number: u64,
    text: Option<Vec<u8>>,
}

fn next_line(input: &mut BufReader<impl Read>, number: u64) -> io::Result<Option<Line>> {
    let mut text = Vec::new();
    if input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)? == 0 {
        return Ok(None);
    }
    let whole = text.pop_if(|last| *last == b'\n').is_some()
        || u64::try_from(text.len()).is_ok_and(|length| length < LONGEST_LINE);
    if !whole {
        input.skip_until(b'\n')?;
    }
    let text = whole.then_some(text);
    Ok(Some(Line { number, text }))
}

/// Answers of neighbouring lines.
#[derive(Default)]
struct Part {
    answers: Vec<u8>,
    unreadable: u64,
}

/// Answers in the order of the lines.
fn answer_lines(lines: &[Line], answer: Answer) -> Vec<Part> {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if lines.len() < WORTH_SHARING || processors == 1 {
        return vec![answer_part(lines, answer)];
    }
    std::thread::scope(|scope| {
        let parts: Vec<_> = lines
            .chunks(lines.len().div_ceil(processors))
            .map(|part| scope.spawn(move || answer_part(part, answer)))
            .collect();
        parts
            .into_iter()
            .map(|part| {
                part.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

fn answer_part(lines: &[Line], answer: Answer) -> Part {
    let mut part = Part::default();
    for line in lines {
        let readable = match &line.text {
            Some(text) => answer(text, line.number, &mut part.answers),
            None => {
                wire::answer_too_long(line.number, &mut part.answers);
                false
            }
        };
        part.unreadable += u64::from(!readable);
    }
    part
}
