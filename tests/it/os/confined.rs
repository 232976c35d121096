//! A process with limits: whatever it does, it is gone afterwards and nothing of it reaches us but its output.

use std::{path::Path, time::Duration};

use kaspi_panel::os::{Confinement, processes, run_confined};

const ROOMY: Confinement = Confinement {
    memory: 1 << 30,
    processor: Duration::from_secs(30),
    time: Duration::from_secs(60),
    output: 1 << 20,
};

fn shell(limits: Confinement, script: &str, input: &[u8]) -> String {
    let mut seen = Vec::new();
    run_confined(Path::new("/bin/sh"), &["-c", script], limits, input, |lines| {
        lines.read_to_end(&mut seen).unwrap();
    })
    .unwrap();
    String::from_utf8_lossy(&seen).into_owned()
}

#[test]
fn it_gets_its_input_and_none_of_our_surroundings() {
    let said = shell(
        ROOMY,
        "cat; pwd; env | grep -v -e ^PWD= -e ^OLDPWD= -e ^SHLVL= -e ^_=",
        b"hello ",
    );
    assert_eq!(said, "hello /\n");
}

#[test]
fn its_memory_files_and_time_on_the_processor_are_bounded() {
    let limits = shell(
        ROOMY,
        "ulimit -v; ulimit -t; ulimit -f; ulimit -c; ulimit -n",
        b"",
    );
    assert_eq!(limits, "1048576\n30\n0\n0\n32\n");

    let busy = Confinement {
        processor: Duration::from_secs(1),
        ..ROOMY
    };
    assert_eq!(
        shell(busy, "echo begun; while :; do :; done; echo ended", b""),
        "begun\n"
    );
}

#[test]
fn it_is_killed_when_its_time_is_up() {
    let short = Confinement {
        time: Duration::from_millis(200),
        ..ROOMY
    };
    assert_eq!(shell(short, "echo begun; exec sleep 1000", b""), "begun\n");
}

#[test]
fn more_output_than_wanted_is_not_read_and_nobody_waits_for_it() {
    let little = Confinement { output: 10, ..ROOMY };
    assert_eq!(shell(little, "while :; do echo abcd; done", b""), "abcd\nabcd\n");
}

#[test]
fn one_that_does_not_listen_is_no_error_and_nothing_is_left_behind() {
    let much = vec![b'x'; 4 << 20];
    assert_eq!(shell(ROOMY, "echo $$", &much).lines().count(), 1);
    let id: u32 = shell(ROOMY, "echo $$; exec sleep 1000 < /dev/null > /dev/null", b"")
        .trim()
        .parse()
        .unwrap();
    assert!(processes::list().iter().all(|process| process.id != id));

    let nowhere = run_confined(Path::new("/nowhere"), &[], ROOMY, b"", |_| ());
    assert!(nowhere.is_err());
}
