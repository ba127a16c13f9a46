#version 330
// place: the vertex now; rest: the same vertex on the mean neutral head, on which everything is painted.
in vec3 place, normal, rest, marks;
uniform mat4 view, camera;
out vec3 at, facing, painted, mark;
void main() {
    vec4 seen = view * vec4(place, 1);
    at = seen.xyz;
    facing = mat3(view) * normal;
    painted = rest;
    mark = marks;
    gl_Position = camera * seen;
}
