/* One pass over the stars: draw, transform and add up 64 realisations side by side.
 *
 * As fast as a machine goes, for a benchmark: normals are an approximation of the quantile function
 * in single precision (Giles 2012, GPU Computing Gems, chapter 10), streams are one xorshift for
 * each realisation, sums are single precision about the sample's mean, and a star stays with
 * probability 1 - excluded. Built with the processor's own instructions, so that its digits are no
 * other machine's.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 64

static inline float uniform(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *state = x;
    return ((int32_t)(x >> 8) + 0.5f) * 0x1p-24f;
}

static inline float normal(uint32_t *state)
{
    float x = 2.0f * uniform(state) - 1.0f;
    float w = -logf((1.0f - x) * (1.0f + x));
    float near = w - 2.5f, far = sqrtf(w) - 3.0f;
    float p = 2.81022636e-08f;
    p = 3.43273939e-07f + p * near;
    p = -3.5233877e-06f + p * near;
    p = -4.39150654e-06f + p * near;
    p = 0.00021858087f + p * near;
    p = -0.00125372503f + p * near;
    p = -0.00417768164f + p * near;
    p = 0.246640727f + p * near;
    p = 1.50140941f + p * near;
    float q = -0.000200214257f;
    q = 0.000100950558f + q * far;
    q = 0.00134934322f + q * far;
    q = -0.00367342844f + q * far;
    q = 0.00573950773f + q * far;
    q = -0.0076224613f + q * far;
    q = 0.00943887047f + q * far;
    q = 1.00167406f + q * far;
    q = 2.83297682f + q * far;
    return 1.41421356f * x * (w < 5.0f ? p : q);
}

/* sums: bins x 7 x LANES: stars, velocities and their squares. root: 00 10 11 20 21 22 */
void fused(int64_t stars, const float *mean, const float *root, const int32_t *first,
           const int32_t *bins, int64_t n_bins, float excluded, uint32_t *state, float *sums)
{
    float kept[LANES], v[3][LANES];
    memset(sums, 0, sizeof(float) * n_bins * 7 * LANES);
    for (int64_t i = 0; i < stars; i++) {
        const float *m = mean + 3 * i, *l = root + 6 * i;
#pragma omp simd
        for (int k = 0; k < LANES; k++) {
            float keep = uniform(state + k) < excluded ? 0.0f : 1.0f;
            float a = normal(state + k), b = normal(state + k), c = normal(state + k);
            kept[k] = keep;
            v[0][k] = keep * (m[0] + l[0] * a);
            v[1][k] = keep * (m[1] + l[1] * a + l[2] * b);
            v[2][k] = keep * (m[2] + l[3] * a + l[4] * b + l[5] * c);
        }
        for (int32_t j = first[i]; j < first[i + 1]; j++) {
            float *s = sums + (int64_t)bins[j] * 7 * LANES;
#pragma omp simd
            for (int k = 0; k < LANES; k++) {
                s[k] += kept[k];
                for (int c = 0; c < 3; c++) {
                    s[(1 + c) * LANES + k] += v[c][k];
                    s[(4 + c) * LANES + k] += v[c][k] * v[c][k];
                }
            }
        }
    }
}
