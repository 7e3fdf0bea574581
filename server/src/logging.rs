//! Logs of supervisor and workers: to standard error, as text for people or as JSON for machines.

use tracing_subscriber::EnvFilter;

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

/// A filter that cannot be read; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("the log filter cannot be read: {0}")]
pub struct LogFilterError(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging what `filter` lets through, such as `info` or `warn,scadstream_server=debug`. The first call of a
/// process counts.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(format: LogFormat, filter: &str) -> Result<(), LogFilterError> {
    let filter = EnvFilter::try_new(filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    // Logging that is on already stays as it is.
    drop(started);
    Ok(())
}
