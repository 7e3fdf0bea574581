//! Affine maps of space, as `multmatrix()` gives them.

use crate::mesh::Bounds;

/// The upper three rows of a 4 × 4 affine matrix, row-major: `p' = M · (p, 1)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine(pub [[f64; 4]; 3]);

impl Affine {
    /// Leaves every point where it is.
    pub const IDENTITY: Affine =
        Affine([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);

    /// From a full matrix whose last row is 0 0 0 1.
    pub fn from_matrix(matrix: &[[f64; 4]; 4]) -> Self {
        Affine([matrix[0], matrix[1], matrix[2]])
    }

    /// Moves by `offset`.
    pub fn translation(offset: [f64; 3]) -> Self {
        let mut moved = Self::IDENTITY;
        for (row, amount) in moved.0.iter_mut().zip(offset) {
            row[3] = amount;
        }
        moved
    }

    /// Scales each axis about the origin.
    pub fn scaling(factors: [f64; 3]) -> Self {
        let mut scaled = Self::IDENTITY;
        for axis in 0..3 {
            scaled.0[axis][axis] = factors[axis];
        }
        scaled
    }

    /// The map that does `first`, then this one.
    pub fn after(&self, first: &Affine) -> Affine {
        let mut product = [[0.0; 4]; 3];
        for (row, out) in self.0.iter().zip(&mut product) {
            for (column, cell) in out.iter_mut().enumerate() {
                *cell = (0..3).map(|k| row[k] * first.0[k][column]).sum();
            }
            out[3] += row[3];
        }
        Affine(product)
    }

    /// The image of a point.
    pub fn apply(&self, point: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| row[0] * point[0] + row[1] * point[1] + row[2] * point[2] + row[3])
    }

    /// The smallest box along the axes around the image of a box.
    pub fn around(&self, bounds: &Bounds) -> Bounds {
        let [mut min, mut max] = [[0.0; 3]; 2];
        for (axis, row) in self.0.iter().enumerate() {
            // Rounding keeps order: these are the numbers of the corners that are farthest out.
            let ends = [0, 1, 2].map(|k| {
                let [a, b] = [row[k] * bounds.min[k], row[k] * bounds.max[k]];
                [a.min(b), a.max(b)]
            });
            let reach = |end: usize| ends[0][end] + ends[1][end] + ends[2][end] + row[3];
            [min[axis], max[axis]] = [reach(0), reach(1)];
        }
        Bounds { min, max }
    }

    /// Whether boxes along the axes stay such boxes.
    pub fn keeps_boxes(&self) -> bool {
        self.0.iter().all(|row| row[..3].iter().filter(|entry| **entry != 0.0).count() <= 1)
    }

    /// How volumes grow; negative when the map mirrors, 0 when it flattens.
    pub fn determinant(&self) -> f64 {
        let [a, b, c] = self.0;
        a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    }

    /// The map that undoes this one, which must not flatten.
    pub fn inverse(&self) -> Affine {
        let determinant = self.determinant();
        let m = &self.0;
        let mut inverse = [[0.0; 4]; 3];
        for (row, out) in inverse.iter_mut().enumerate() {
            for (column, cell) in out.iter_mut().take(3).enumerate() {
                let (a, b) = ((column + 1) % 3, (column + 2) % 3);
                let (c, d) = ((row + 1) % 3, (row + 2) % 3);
                *cell = (m[a][c] * m[b][d] - m[a][d] * m[b][c]) / determinant;
            }
        }
        for row in &mut inverse {
            row[3] = -(0..3).map(|k| row[k] * m[k][3]).sum::<f64>();
        }
        Affine(inverse)
    }

    /// Whether every entry is a number.
    pub fn is_finite(&self) -> bool {
        self.0.as_flattened().iter().all(|entry| entry.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_applies_the_first_map_first() {
        let moved = Affine::translation([1.0, 2.0, 3.0]);
        let scaled = Affine::scaling([2.0, 2.0, -2.0]);
        assert_eq!(scaled.after(&moved).apply([1.0, 1.0, 1.0]), [4.0, 6.0, -8.0]);
        assert_eq!(moved.after(&scaled).apply([1.0, 1.0, 1.0]), [3.0, 4.0, 1.0]);
        assert_eq!(scaled.after(&moved).determinant(), -8.0);
    }

    #[test]
    fn the_inverse_leads_back() {
        let map = Affine([[0.0, -2.0, 0.0, 7.0], [4.0, 0.0, 0.0, -3.0], [1.0, 0.0, 2.0, 0.25]]);
        assert_eq!(map.inverse().apply(map.apply([1.0, 2.0, 3.0])), [1.0, 2.0, 3.0]);
        assert_eq!(map.apply(map.inverse().apply([8.0, -4.0, 0.5])), [8.0, -4.0, 0.5]);
    }
}
