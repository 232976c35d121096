//! Outgoing proxies: how one is written down.

use super::text_enum::text_enum;

text_enum! {
    /// How a proxy is spoken to.
    ProxyScheme {
        /// HTTP, `CONNECT` for https addresses.
        Http = "http",
        /// The same inside TLS.
        Https = "https",
        /// SOCKS 5; the proxy is given names, it resolves them itself.
        Socks5 = "socks5",
    }
}
