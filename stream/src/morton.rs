//! Places on the Z-order curve.

/// The bits of three coordinates of 21 bits each, interleaved: bit 0 is the lowest of x, bit 1 of y, bit 2 of z.
pub(crate) fn interleaved(coordinates: [u32; 3]) -> u64 {
    let [x, y, z] = coordinates.map(|coordinate| spread(coordinate.into()));
    x | y << 1 | z << 2
}

/// Puts two zero bits between any two of the lowest 21 bits.
fn spread(x: u64) -> u64 {
    let mut x = x & 0x1f_ffff;
    x = (x | x << 32) & 0x001f_0000_0000_ffff;
    x = (x | x << 16) & 0x001f_0000_ff00_00ff;
    x = (x | x << 8) & 0x100f_00f0_0f00_f00f;
    x = (x | x << 4) & 0x10c3_0c30_c30c_30c3;
    (x | x << 2) & 0x1249_2492_4924_9249
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_take_turns() {
        assert_eq!(interleaved([0b11, 0b01, 0b10]), 0b101_011);
        assert_eq!(interleaved([0x1f_ffff; 3]), (1 << 63) - 1);
        assert_eq!(interleaved([1 << 20, 0, 0]), 1 << 60);
    }
}
