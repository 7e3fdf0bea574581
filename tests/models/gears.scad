// A gear train: 2D outlines by list comprehension, extruded with a twist.
module gear(teeth, module_size = 2, height = 6, twist = 0) {
    r = teeth * module_size / 2;
    outline = [for (i = [0 : teeth * 4 - 1])
        let (a = i * 90 / teeth, d = i % 4 < 2 ? module_size : -module_size)
            (r + d) * [cos(a), sin(a)]];
    linear_extrude(height, twist = twist, slices = 12, convexity = 4)
        difference() {
            polygon(outline);
            circle(d = 5, $fn = 32);
        }
}

for (i = [0 : 5])
    rotate(i * 60) translate([44, 0, 0]) color([i / 6, 0.5, 1 - i / 6]) gear(12, twist = -15);
color("gold") gear(32, twist = 6);
