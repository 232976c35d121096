//! `kaspi-panel pricing …` as scripts use it: lines in, lines out, exit status; without a database.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kaspi-panel"))
        .arg("pricing")
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn run(arguments: &[&str], lines: &str) -> Output {
    let mut child = start(arguments);
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn answers(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn line(id: &str) -> Value {
    json!({
        "id": id, "now": "2026-11-25T10:00:00Z", "product": {"merchant": "US", "price": 10_500},
        "own_merchants": ["US"], "limits": {"floor": 9_000, "ceiling": 12_000},
        "rule": {"strategy": {"kind": "beat_lowest", "step": {"tenge": 10}}},
        "market": {"taken_at": "2026-11-25T10:00:00Z", "complete": true, "total": 2,
            "offers": [{"merchant": "US", "price": 10_500}, {"merchant": "C1", "price": 10_000}]}
    })
}

#[test]
fn lines_are_answered_in_order_and_bad_ones_named() {
    let mut unknown = line("b");
    unknown["rule"]["stratgy"] = json!(1);
    let lines = format!("{}\n{unknown}\n\n{}", line("a"), line("c"));
    let output = run(&["decide"], &lines);
    assert_eq!(output.status.code(), Some(2));
    let answers = answers(&output);
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!("a"), json!("b"), Value::Null, json!("c")]);
    assert_eq!(
        (&answers[0]["outcome"], &answers[3]["price"]),
        (&json!("change"), &json!(9_990))
    );
    assert_eq!(answers[1]["error"]["field"], "rule.stratgy");
    let message = answers[1]["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("line 2: unknown field"), "{message}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(told.trim(), "kaspi-panel: 2 line(s) could not be read");
}

#[test]
fn nothing_in_nothing_out() {
    let output = run(&["decide"], "");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
}

#[test]
fn each_line_is_answered_before_the_next_is_there() {
    let mut child = start(&["decide"]);
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for id in ["1", "2"] {
        writeln!(input, "{}", line(id)).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("{{\"id\":\"{id}\"")), "{answer}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_long_stream_is_answered_whole() {
    let lines: String = (0..20_000)
        .map(|n| format!("{}\n", line(&n.to_string())))
        .collect();
    let output = run(&["decide"], &lines);
    assert!(output.status.success());
    let answers = answers(&output);
    assert_eq!(answers.len(), 20_000);
    assert!(
        answers
            .iter()
            .enumerate()
            .all(|(n, answer)| answer["id"].as_str() == Some(&*n.to_string()))
    );
}

#[test]
fn safe_sets_are_listed() {
    let question = json!({"id": "s", "limits": {"ceiling": 20_000}, "economics": {
        "unit_cost": 3_000, "commission_percent": "12.5", "tax_percent": "3", "delivery_vat_percent": "16",
        "delivery": [{"up_to": 4_999, "fee": 199}, {"up_to": null, "fee": 699}],
        "goal": {"kind": "profit", "value": 300}}});
    let output = run(&["safe-set"], &format!("{question}\n"));
    assert!(output.status.success());
    assert_eq!(
        answers(&output),
        [json!({"id": "s", "safe": [[4_179, 20_000]], "undominated": [[4_179, 4_999], [5_686, 20_000]]})]
    );
}

#[test]
fn the_examples_of_the_help_work() {
    for (command, expected) in [
        ("decide", "\"price\":9990"),
        ("safe-set", "\"safe\":[[4179,20000]]"),
    ] {
        let output = run(&[command, "--help"], "");
        assert!(output.status.success());
        let help = String::from_utf8(output.stdout).unwrap();
        let (_, example) = help.split_once("Example:").unwrap();
        let json: String = example.split('\'').nth(1).unwrap().replace('\n', "");
        let output = run(&[command], &json);
        let answer = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && answer.contains(expected), "{answer}");
    }
}
