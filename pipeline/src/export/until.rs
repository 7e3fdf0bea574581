//! Writing that ends when it is cancelled.

use std::io::{self, Write};

use scadstream_geometry::CancelToken;

/// Passes on what is written until the token is cancelled, then refuses. Formats write in small pieces.
#[derive(Debug)]
pub struct Until<'a, W> {
    token: &'a CancelToken,
    out: W,
}

impl<'a, W: Write> Until<'a, W> {
    /// Writes to `out` until `token` is cancelled.
    pub fn new(token: &'a CancelToken, out: W) -> Self {
        Self { token, out }
    }
}

impl<W: Write> Write for Until<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.token.is_cancelled() {
            // Any kind but `Interrupted`, after which callers would try again.
            return Err(io::Error::other("cancelled"));
        }
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
