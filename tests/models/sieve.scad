// A plate with round holes and studs between them: many booleans in one body.
n = 5;
pitch = 8;

difference() {
    union() {
        cube([n * pitch, n * pitch, 4]);
        for (x = [1 : n - 1], y = [1 : n - 1])
            translate([x * pitch, y * pitch, 4]) sphere(d = 3, $fn = 16);
    }
    for (x = [0.5 : n], y = [0.5 : n])
        translate([x * pitch, y * pitch, -1]) cylinder(d = 6, h = 10, $fn = 32);
}
