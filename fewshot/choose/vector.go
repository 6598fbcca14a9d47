package choose

import (
	"fmt"
	"math"
)

// normalize writes the direction of vector into dst: the vector made 1 long.
func normalize(dst, vector []float32) error {
	sum := 0.0
	for i, x := range vector {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return fmt.Errorf("has no direction: number %d of %d is %v", i+1, len(vector), x)
		}
		sum += float64(float64(x) * float64(x))
	}
	if sum == 0 {
		return fmt.Errorf("has no direction: each of its %d numbers is 0", len(vector))
	}
	length := math.Sqrt(sum)
	for i, x := range vector {
		dst[i] = float32(float64(x) / length)
	}
	return nil
}

// dot multiplies two vectors of one length. Eight sums that do not wait for one
// another let the machine add several at a time. The conversions keep it from
// multiplying and adding in one step where it could, so that every machine gets
// the same result.
func dot(a, b []float32) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= 8 && len(b) >= 8 {
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
		a, b = a[8:], b[8:]
	}
	for i := range a {
		s0 += float32(a[i] * b[i])
	}
	return float64((s0 + s4) + (s1 + s5) + ((s2 + s6) + (s3 + s7)))
}
