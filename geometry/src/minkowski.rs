//! in the making
use crate::kernel::{CancelToken, KernelError, Solid};
/// sum
pub fn minkowski(
    a: &Solid,
    b: &Solid,
    chunk: usize,
    token: &CancelToken,
) -> Result<Option<Solid>, KernelError> {
    let mut points = Vec::new();
    for p in a.positions() {
        for q in b.positions() {
            points.push([p[0] + q[0], p[1] + q[1], p[2] + q[2]]);
        }
    }
    let _ = chunk;
    token.check()?;
    Solid::hull(&points)
}
