//! A database on another machine: both drivers, the one of the tables and the one of the queue, encrypt the line and ask who
//! answers, and neither goes on with somebody whose certificate it does not know.

use std::{fs, path::Path};

use data_encoding::BASE64;
use kaspi_panel::{queue, secrets::Secret};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::support::{Bouncer, TestApp};

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// An authority of our own, in the folder, and a certificate of it for this machine.
fn authority(folder: &Path) -> (String, String) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "demo authority");
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    fs::write(folder.join("ca.pem"), pem("CERTIFICATE", root.der())).unwrap();
    let own = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&own, &Issuer::new(params, key))
        .unwrap();
    (
        pem("CERTIFICATE", certificate.der()),
        pem("PRIVATE KEY", &own.serialize_der()),
    )
}

#[tokio::test]
async fn both_drivers_encrypt_and_ask_who_answers() {
    let app = TestApp::new();
    let (known, unknown) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (certificate, key) = authority(known.path());
    authority(unknown.path());
    let bouncer = Bouncer::encrypted(app.db.url(), "session", (&certificate, &key)).await;
    let address = format!("{}?sslmode=verify-full", bouncer.url());

    // Migrations go through one driver, the queue's through the other.
    let migrate = |root: &Path| {
        app.program(&["migrate"])
            .env("DATABASE_URL", &address)
            .env("PGSSLROOTCERT", root.join("ca.pem"))
            .output()
            .unwrap()
    };
    let output = migrate(known.path());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!migrate(unknown.path()).status.success());
    // The queue's alone: here nobody has named the authority.
    assert!(queue::migrate(&Secret::from(address.as_str())).await.is_err());

    let plain = app
        .program(&["migrate"])
        .env("DATABASE_URL", format!("{}?sslmode=disable", bouncer.url()))
        .output()
        .unwrap();
    assert!(!plain.status.success(), "the line is encrypted or not there");
}
