// The sum of two solids neither of which is convex.
arm = 20;

module star(points, inner, outer, height)
    linear_extrude(height)
        polygon([for (i = [0 : 2 * points - 1]) (i % 2 ? inner : outer) * [cos(180 * i / points), sin(180 * i / points)]]);

minkowski() {
    union() {
        cube([arm, 6, 6]);
        cube([6, arm, 6]);
        cube([6, 6, arm]);
        translate([arm, 3, 3]) cylinder(r = 5, h = 4, $fn = 16, center = true);
    }
    star(12, 1.5, 3, 2);
}
translate([40, 0, 0]) sphere(5, $fn = 48);
