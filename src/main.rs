//! The program `kaspi-panel`: hands its arguments to the library and turns the outcome into an exit status.

fn main() -> std::process::ExitCode {
    kaspi_panel::cli::main()
}
