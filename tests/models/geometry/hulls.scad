// Rounded boxes and struts: hulls and sums with a ball.
radius = 3;

module rounded(size, r)
    minkowski() {
        cube(size - 2 * [r, r, r], center = true);
        sphere(r, $fn = 48);
    }

module strut(a, b)
    hull() {
        translate(a) sphere(2, $fn = 32);
        translate(b) sphere(2, $fn = 32);
    }

difference() {
    rounded([60, 40, 20], radius);
    rounded([54, 34, 14], 2);
    translate([0, 0, 20]) cube([80, 60, 40], center = true);
}
corners = [for (x = [-40, 40], y = [-30, 30], z = [20, 60]) [x, y, z]];
for (i = [0 : 7], j = [0 : 7]) if (i < j && norm(corners[i] - corners[j]) < 85) strut(corners[i], corners[j]);
