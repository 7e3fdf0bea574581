//! Taking the port, with words for what can go wrong.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Why the server cannot listen. The text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody else has the port.
    #[error("port {port} is taken: stop the other program, or choose another port with --listen")]
    Taken {
        /// The port.
        port: u16,
    },
    /// The user may not use the port.
    #[error("no permission for port {port}: choose one above 1023 with --listen")]
    NoPermission {
        /// The port.
        port: u16,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address asked for.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
}

/// Listens on `address`; port 0 takes a free one.
///
/// # Errors
/// When the port is taken or not allowed.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    let port = address.port();
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => BindError::Taken { port },
        io::ErrorKind::PermissionDenied => BindError::NoPermission { port },
        _ => BindError::Other { address, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_told_in_one_line() {
        let first = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = bind(address).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {} is taken:", address.port())), "{error}");
        assert!(!error.contains('\n'));
    }
}
