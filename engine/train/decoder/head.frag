#version 330
// Paints and lights the head. All colours are linear light until the last line.
in vec3 at, facing, painted, mark;
out vec4 color;

uniform vec3 skin, lip_color, hair_color, brow_color, iris_color, sclera_color, shadow_color, beard_color;
uniform float seed, mottle, flush, freckles, shine, stubble, lip_paint, lip_edge, hairline, hair, liner, eye_shadow;
uniform float iris_size, pupil_size, opening, lash, brow_density, beard;
uniform vec3 brow_left[5], brow_right[5];   // x, y, half thickness; cm on the left half
uniform vec3 light_way[3], light_color[3], sky, ground;

float hash(vec3 p) { p = fract(p * 0.3183099 + vec3(.1, .17, .13)); p *= 17.0; return fract(p.x * p.y * p.z * (p.x + p.y + p.z)); }
float noise(vec3 p) {
    vec3 i = floor(p), f = fract(p); f = f * f * (3.0 - 2.0 * f);
    return mix(mix(mix(hash(i), hash(i + vec3(1,0,0)), f.x), mix(hash(i + vec3(0,1,0)), hash(i + vec3(1,1,0)), f.x), f.y),
               mix(mix(hash(i + vec3(0,0,1)), hash(i + vec3(1,0,1)), f.x), mix(hash(i + vec3(0,1,1)), hash(i + vec3(1,1,1)), f.x), f.y), f.z);
}

float brow_cover(vec2 p, vec3 line[5]) {
    float cover = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 a = line[i].xy, b = line[i + 1].xy, ab = b - a;
        float t = clamp(dot(p - a, ab) / dot(ab, ab), 0.0, 1.0);
        float d = length(p - a - t * ab), thick = mix(line[i].z, line[i + 1].z, t);
        cover = max(cover, 1.0 - smoothstep(0.55 * thick, 1.15 * thick, d));
    }
    return cover;
}

void main() {
    vec3 n = normalize(facing), eye = normalize(-at), rest = painted;
    float kind = mark.x, gloss = 0.25, power = 18.0, inside = 1.0;
    vec3 base;
    if (kind < 0.5) {
        float side = abs(rest.x), grain = noise(rest * 2.2 + seed), fine = noise(rest * 14.0 + seed);
        base = skin * (1.0 + mottle * (grain - 0.5) + 0.5 * mottle * (fine - 0.5));
        float red = exp(-dot(vec2(side - 4.6, rest.y - 0.2) / vec2(2.0, 1.9), vec2(side - 4.6, rest.y - 0.2) / vec2(2.0, 1.9)))
                  + exp(-dot(vec2(side, rest.y - 0.2) / vec2(1.3, 1.2), vec2(side, rest.y - 0.2) / vec2(1.3, 1.2))) * step(9.0, rest.z);
        base *= mix(vec3(1), vec3(1.05, 0.72, 0.70), flush * red);
        if (freckles > 0.0)
            base *= 1.0 - freckles * smoothstep(0.62, 0.75, noise(rest * 5.0 + seed)) * exp(-0.15 * (rest.y - 1.0) * (rest.y - 1.0));
        // Beard: the jaw below the cheeks and around the mouth, not the lips.
        float jaw = smoothstep(0.3, -1.8, rest.y - 0.28 * max(side - 3.0, 0.0) - 0.7 * (grain - 0.5)) * smoothstep(-12.0, -8.5, rest.y) * smoothstep(-2.0, 2.0, rest.z);
        jaw *= smoothstep(0.05, 0.35, mark.z);
        base = mix(base, base * vec3(0.62, 0.66, 0.72), stubble * jaw * (0.6 + 0.8 * fine));
        if (beard * jaw > 0.0) base = mix(base, beard_color * (0.5 + noise(rest * vec3(16, 5, 16) + seed)), beard * jaw * smoothstep(0.2, 0.5, fine + 0.3));
        float lips = smoothstep(0.10, -0.10, mark.z - lip_edge) * step(8.0, rest.z);
        if (lips > 0.0) base = mix(base, lip_color * (0.85 + 0.3 * noise(rest * vec3(9, 2, 9))), lips * lip_paint);
        gloss = mix(gloss, 0.5, lips);
        // Eye shadow and liner.
        float lid = mark.y;
        base = mix(base, shadow_color, eye_shadow * smoothstep(1.1, 0.1, lid) * smoothstep(2.9, 3.6, rest.y));
        base *= 1.0 - 0.85 * liner * smoothstep(0.16, 0.05, lid);
        base *= 1.0 - 0.25 * smoothstep(0.5, 0.0, lid);
        if (abs(rest.y - 5.0) < 2.5 && side < 7.5 && rest.z > 6.5) {
            vec2 p = vec2(side, rest.y);
            float brow = rest.x > 0.0 ? brow_cover(p, brow_left) : brow_cover(p, brow_right);
            if (brow > 0.0) {
                float strands = noise(vec3(side * 7.0 - rest.y * 4.0, rest.y * 7.0 + side * 3.0, seed));
                brow *= smoothstep(1.0 - brow_density, 1.25 - brow_density, 0.25 + 0.75 * strands);
                base = mix(base, brow_color * (0.6 + 0.8 * strands), clamp(brow, 0.0, 1.0));
            }
        }
        float height = rest.y + 0.55 * max(1.5 - 0.02 * rest.x * rest.x - 0.12 * rest.z, -9.0) + 1.2 * (grain - 0.5);
        float top = smoothstep(hairline, hairline + 0.7, height) * hair;
        if (top > 0.0) base = mix(base, hair_color * (0.4 + 1.2 * noise(vec3(rest.x * 6.0, rest.y * 0.8, rest.z * 6.0) + seed)), top);
        gloss = mix(gloss * shine, 0.15, top);
        // Cavities: nostrils and what turns into the mouth.
        base *= mix(0.25, 1.0, smoothstep(9.2, 10.2, rest.z + 2.0 * abs(rest.y + 3.38) + max(0.0, side - 2.3) * 3.0));
    } else if (kind < 1.5) {
        base = vec3(0.42, 0.12, 0.10); inside = 0.55; gloss = 0.35;
    } else if (kind < 2.5) {
        base = vec3(0.75, 0.68, 0.56); inside = 0.85; gloss = 0.6; power = 40.0;
    } else if (kind < 3.5) {
        vec3 e = normalize(rest);
        float r = length(e.xy) * step(0.0, e.z) + step(e.z, 0.0), a = atan(e.y, e.x);
        base = sclera_color * (1.0 - 0.25 * smoothstep(0.3, 0.9, r) - 0.12 * smoothstep(0.62, 0.75, noise(vec3(e.xy * 14.0, seed))));
        vec3 ring = iris_color * (0.55 + 0.9 * noise(vec3(cos(a) * 9.0, sin(a) * 9.0, r * 6.0 + seed)));
        ring *= 1.0 - 0.65 * smoothstep(0.72, 1.0, r / iris_size);
        base = mix(base, ring, smoothstep(iris_size + 0.02, iris_size - 0.02, r));
        base = mix(base, vec3(0.008), smoothstep(pupil_size + 0.015, pupil_size - 0.015, r));
        gloss = 1.6; power = 220.0; inside = 0.9;
    } else {
        float along = painted.y;
        float hairs = noise(vec3(painted.x * 34.0 + along * 2.0, painted.z * 7.0, seed));
        float alpha = lash * (1.0 - along) * smoothstep(0.25, 0.6, hairs + 0.35 * (1.0 - along)) * mix(1.0, 0.5, painted.z);
        color = vec4(vec3(0.02), alpha * smoothstep(0.0, 0.12, painted.x));
        return;
    }
    vec3 light = mix(ground, sky, 0.5 + 0.5 * n.y);
    vec3 glint = vec3(0);
    for (int i = 0; i < 3; i++) {
        float facing_it = dot(n, light_way[i]);
        // Skin lets red light wrap around the terminator.
        vec3 wrap = kind < 0.5 ? vec3(0.30, 0.16, 0.10) : vec3(0.1);
        light += light_color[i] * max(vec3(0), (facing_it + wrap) / (1.0 + wrap));
        glint += light_color[i] * gloss * 0.35 * pow(max(0.0, dot(n, normalize(light_way[i] + eye))), power) * step(0.0, facing_it);
    }
    if (kind > 0.5 && kind < 2.5) {
        inside *= clamp(0.06 + 0.55 * opening, 0.0, 1.0) * smoothstep(5.5, 10.5, rest.z);
        glint *= inside;
    }
    if (kind > 2.5) light *= 0.55 + 0.45 * smoothstep(0.75, -0.2, rest.y / 1.5 + 0.15);
    vec3 lit = base * light * inside + glint + 0.04 * pow(1.0 - max(0.0, dot(n, eye)), 4.0) * sky * step(kind, 0.5);
    color = vec4(pow(clamp(lit, 0.0, 1.0), vec3(1.0 / 2.2)), 1);
}
