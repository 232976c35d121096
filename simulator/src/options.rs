//! The command line of the simulator, shared by `kaspi-sim` and by programs that embed it.

use clap::{Args, ValueEnum};

/// How the simulator is started.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Port of every marketplace host; 0 picks one that is free on all addresses.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Port of the control interface on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    pub control_port: u16,
    /// Which market to start with and the seed of everything random in it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Whether time passes by itself or only through the control interface.
    #[arg(long, value_enum, default_value_t = TimeMode::Real)]
    pub time: TimeMode,
    /// Delay of every answer, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Put all hosts on 127.0.0.1, where other loopback addresses are not to be had.
    #[arg(long)]
    pub single_host: bool,
    /// Start with the demonstration market: two full stores and lively rivals.
    #[arg(long)]
    pub demo: bool,
    /// Seconds until an accepted price is applied (default: 90, in the demonstration 5).
    #[arg(long)]
    pub apply_seconds: Option<u32>,
    /// Stop when the standard input closes, so that a killed parent leaves nothing behind.
    #[arg(long)]
    pub parent_stdin: bool,
}

/// How time passes in the simulated market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimeMode {
    /// The clock of the machine (plus whatever the control interface added).
    Real,
    /// A clock that stands still until the control interface moves it.
    Virtual,
}
