//! An https proxy, with certificates made for the test: no authority that a system trusts signs for loopback.

use std::collections::HashMap;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{RootCertStore, ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{domain::ProxyId, secrets::Secret};

/// What the proxy was sent before it opened the tunnel.
type Heard = JoinHandle<std::io::Result<String>>;

/// A proxy inside TLS that serves one connection, and the roots that trust it.
async fn https_proxy() -> (ProxyAddress, RootCertStore, Heard) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = ProxyAddress {
        id: ProxyId::new(),
        scheme: ProxyScheme::Https,
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
        username: Some("user".into()),
        password: Some(Secret::from("pass")),
    };
    let heard = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let stream = TlsAcceptor::from(Arc::new(tls)).accept(stream).await?;
        let (mut client, mut head) = (BufReader::new(stream), String::new());
        while !head.ends_with("\r\n\r\n") && client.read_line(&mut head).await? > 0 {}
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
        client.shutdown().await?;
        Ok(head)
    });
    (address, roots, heard)
}

fn config() -> config::Kaspi {
    config::Config::from_vars(&HashMap::new()).unwrap().kaspi
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn an_https_proxy_is_asked_for_a_tunnel_inside_tls() {
    let (address, roots, heard) = https_proxy().await;
    let by = By::of(connector(&config(), trusting(roots)), Some(&address)).unwrap();

    let opened = by.connect("idmc.shop.kaspi.kz", 443).await;

    let head = heard.await.unwrap().unwrap();
    assert!(
        head.starts_with("CONNECT idmc.shop.kaspi.kz:443 HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"),
        "{head}"
    );
    drop(opened.unwrap());
}

#[tokio::test]
async fn an_https_proxy_that_nobody_vouches_for_is_told_nothing() {
    let (address, _, heard) = https_proxy().await;
    let by = By::of(
        connector(&config(), as_the_system_trusts().unwrap()),
        Some(&address),
    )
    .unwrap();

    let opened = by.connect("idmc.shop.kaspi.kz", 443).await;

    assert!(opened.is_err());
    assert!(heard.await.unwrap().is_err());
}
