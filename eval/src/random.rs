//! The generator behind `rands`: 32-bit Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).

const N: usize = 624;
const M: usize = 397;
const MATRIX_A: u32 = 0x9908_b0df;
const UPPER_MASK: u32 = 0x8000_0000;
const LOWER_MASK: u32 = 0x7fff_ffff;

/// One stream of random numbers, shared by all calls of an evaluation.
pub(crate) struct Random {
    state: Box<[u32; N]>,
    next: usize,
}

impl Random {
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = Box::new([0; N]);
        state[0] = seed;
        for i in 1..N {
            let previous = state[i - 1] ^ (state[i - 1] >> 30);
            state[i] = previous.wrapping_mul(1_812_433_253).wrapping_add(i as u32);
        }
        Self { state, next: N }
    }

    pub(crate) fn draw(&mut self) -> u32 {
        if self.next == N {
            self.refill();
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    fn refill(&mut self) {
        for i in 0..N {
            let y = (self.state[i] & UPPER_MASK) | (self.state[(i + 1) % N] & LOWER_MASK);
            let mag = if y & 1 == 0 { 0 } else { MATRIX_A };
            self.state[i] = self.state[(i + M) % N] ^ (y >> 1) ^ mag;
        }
        self.next = 0;
    }

    /// A number in `min..max`, made of two draws, the low half first.
    pub(crate) fn uniform(&mut self, min: f64, max: f64) -> f64 {
        const TWO_32: f64 = 4_294_967_296.0;
        let low = f64::from(self.draw());
        let high = f64::from(self.draw());
        let unit = (low + high * TWO_32) / (TWO_32 * TWO_32);
        // Rounding may give 1 itself, which a half-open interval does not hold.
        let unit = if unit >= 1.0 { 1.0_f64.next_down() } else { unit };
        unit * (max - min) + min
    }
}

/// The 32-bit seed of a number: the hash of floats of 32-bit Python 2, mantissa bits folded 28 at a time modulo
/// 2^31 - 1. Whole numbers below that hash to themselves.
pub(crate) fn seed_of(value: f64) -> u32 {
    const BITS: u32 = 31;
    const MODULUS: u64 = (1 << BITS) - 1;
    if value.is_nan() {
        return 0;
    }
    if value.is_infinite() {
        return if value > 0.0 { 314_159 } else { -314_159_i32 as u32 };
    }
    let (mut mantissa, mut exponent) = split(value.abs());
    let mut x: u64 = 0;
    while mantissa != 0.0 {
        x = ((x << 28) & MODULUS) | (x >> (BITS - 28));
        mantissa *= f64::from(1_u32 << 28);
        exponent -= 28;
        let whole = mantissa.floor();
        mantissa -= whole;
        x += whole as u64;
        if x >= MODULUS {
            x -= MODULUS;
        }
    }
    let rotate = exponent.rem_euclid(BITS as i32) as u32;
    x = ((x << rotate) & MODULUS) | (x >> (BITS - rotate));
    let hash = x as i64 as i32;
    let signed = if value < 0.0 { hash.wrapping_neg() } else { hash };
    // -1 stood for an error in the original.
    (if signed == -1 { -2 } else { signed }) as u32
}

/// Mantissa in 0.5..1 and power of two, as C's `frexp`.
fn split(value: f64) -> (f64, i32) {
    if value == 0.0 {
        return (0.0, 0);
    }
    let (scaled, shift) =
        if value < f64::MIN_POSITIVE { (value * 2.0_f64.powi(54), -54) } else { (value, 0) };
    let bits = scaled.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1022;
    (f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52)), exponent + shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_of_the_reference_generator() {
        let mut random = Random::new(5489);
        assert_eq!(
            [random.draw(), random.draw(), random.draw()],
            [3_499_211_612, 581_869_302, 3_890_346_734]
        );
    }

    #[test]
    fn whole_numbers_seed_as_themselves() {
        assert_eq!(seed_of(42.0), 42);
        assert_eq!(seed_of(0.0), 0);
        assert_eq!(seed_of(-7.0), -7_i32 as u32);
    }
}
