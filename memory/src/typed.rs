//! Arrays of numbers laid one after the other into the bytes of a frame.
//!
//! The kernel's vertices and indices go straight to the place in shared memory from which they are sent; nothing is
//! encoded in between. Numbers are little-endian on the wire and in memory (checked where segments are defined).

use bytemuck::Pod;

/// The array asked for does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// Fewer bytes are left than the array needs.
    #[error("{needed} bytes are needed where {left} are left")]
    TooShort {
        /// The array's size.
        needed: usize,
        /// What the buffer still has.
        left: usize,
    },
    /// The next free byte is no address for such a number.
    #[error("the next array would not be aligned to {0} bytes")]
    Unaligned(usize),
}

/// Takes typed arrays off the front of a byte buffer.
#[derive(Debug)]
pub struct TypedArrays<'a> {
    rest: &'a mut [u8],
}

impl<'a> TypedArrays<'a> {
    /// Begins at the start of `bytes`.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `count` numbers of four bytes, IEEE 754 single precision.
    ///
    /// # Errors
    /// When too few bytes are left or the place is not aligned to 4.
    pub fn f32s(&mut self, count: usize) -> Result<&'a mut [f32], TypedError> {
        self.take(count)
    }

    /// The next `count` unsigned numbers of four bytes.
    ///
    /// # Errors
    /// As for [`TypedArrays::f32s`].
    pub fn u32s(&mut self, count: usize) -> Result<&'a mut [u32], TypedError> {
        self.take(count)
    }

    /// The next `count` unsigned numbers of two bytes.
    ///
    /// # Errors
    /// When too few bytes are left or the place is not aligned to 2.
    pub fn u16s(&mut self, count: usize) -> Result<&'a mut [u16], TypedError> {
        self.take(count)
    }

    /// The bytes not taken yet.
    pub fn into_rest(self) -> &'a mut [u8] {
        self.rest
    }

    fn take<T: Pod>(&mut self, count: usize) -> Result<&'a mut [T], TypedError> {
        let left = self.rest.len();
        let needed = count.saturating_mul(size_of::<T>());
        if needed > left {
            return Err(TypedError::TooShort { needed, left });
        }
        let (front, rest) = std::mem::take(&mut self.rest).split_at_mut(needed);
        self.rest = rest;
        bytemuck::try_cast_slice_mut(front).map_err(|_| TypedError::Unaligned(align_of::<T>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Segment;

    #[test]
    fn arrays_follow_each_other_without_gaps() {
        let mut segment = Segment::create(4096).unwrap();
        let mut arrays = TypedArrays::new(&mut segment.bytes_mut()[..20]);
        arrays.f32s(2).unwrap().copy_from_slice(&[1.0, -2.0]);
        arrays.u32s(1).unwrap()[0] = 0x0102_0304;
        arrays.u16s(3).unwrap().copy_from_slice(&[5, 6, 7]);
        assert_eq!(arrays.into_rest().len(), 2);
        assert_eq!(
            &segment.bytes_mut()[..20],
            &[0, 0, 128, 63, 0, 0, 0, 192, 4, 3, 2, 1, 5, 0, 6, 0, 7, 0, 0, 0]
        );
    }

    #[test]
    fn too_much_is_refused_and_nothing_is_lost() {
        let mut segment = Segment::create(64).unwrap();
        let mut arrays = TypedArrays::new(segment.bytes_mut());
        let error = arrays.f32s(17).unwrap_err();
        assert_eq!(error, TypedError::TooShort { needed: 68, left: 64 });
        assert!(arrays.f32s(usize::MAX).is_err());
        assert_eq!(arrays.f32s(16).unwrap().len(), 16);
    }

    #[test]
    fn an_odd_place_is_refused() {
        let mut segment = Segment::create(64).unwrap();
        let mut arrays = TypedArrays::new(segment.bytes_mut());
        arrays.u16s(1).unwrap();
        assert_eq!(arrays.u32s(1).unwrap_err(), TypedError::Unaligned(4));
    }
}
